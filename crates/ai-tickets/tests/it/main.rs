//! The program from outside: the built binary, as an operator runs it.
