//! Hashing passwords with bcrypt, on a bounded number of threads beside the runtime.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use atc_core::{Error, Result, user::Password};
use tokio::sync::Semaphore;

/// How many waiting passwords each worker may have.
const QUEUE_PER_WORKER: usize = 8;

/// Hashes and compares passwords.
pub(crate) struct Passwords {
    cost: u32,
    workers: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
    /// The hash of a password that nobody has: what an unknown address is compared with, so that it
    /// takes the same time as a known one.
    nobody: String,
}

impl Passwords {
    pub fn new(cost: u32, workers: usize) -> Self {
        Self {
            cost,
            workers: Arc::new(Semaphore::new(workers)),
            waiting: AtomicUsize::new(0),
            most_waiting: workers * QUEUE_PER_WORKER,
            nobody: unknown_hash(cost),
        }
    }

    /// The hash of a password.
    ///
    /// # Errors
    /// Unavailable when too many wait already.
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let (password, cost) = (password.clone(), self.cost);
        self.run(move || bcrypt::hash(password.expose(), cost)).await
    }

    /// Whether this is the password of that hash. Without a hash it takes as long, and says no.
    ///
    /// # Errors
    /// Unavailable when too many wait already.
    pub async fn verify(&self, password: &Password, hash: Option<&str>) -> Result<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        // bcrypt reads 72 bytes at most; what is longer is nobody's password.
        let fits = password.expose().len() <= Password::MAX_BYTES;
        let password = password.clone();
        let same = self.run(move || bcrypt::verify(password.expose(), &hash)).await?;
        Ok(same && known && fits)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> bcrypt::BcryptResult<T> + Send + 'static,
    ) -> Result<T> {
        let busy = || Error::unavailable("Too many people log in at this moment; try again.", 2);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most_waiting {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(busy());
        }
        let permit = Arc::clone(&self.workers).acquire_owned().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let permit = permit.map_err(|_| busy())?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)
    }
}

/// A well-formed hash of this cost whose password nobody knows: its 31 digest characters are all
/// dots, and no input is known that hashes to zero bytes.
fn unknown_hash(cost: u32) -> String {
    format!("$2b${cost:02}${}{}", ".".repeat(22), ".".repeat(31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::new(4, 1);
        let right = Password::parse("correct horse battery").unwrap();
        let hash = passwords.hash(&right).await.unwrap();
        assert!(passwords.verify(&right, Some(&hash)).await.unwrap());
        let wrong = Password::unchecked("wrong".into());
        assert!(!passwords.verify(&wrong, Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&right, None).await.unwrap());
    }

    #[tokio::test]
    async fn what_bcrypt_would_cut_off_counts() {
        let passwords = Passwords::new(4, 1);
        let longest = "x".repeat(Password::MAX_BYTES);
        let hash = passwords.hash(&Password::parse(longest.clone()).unwrap()).await.unwrap();
        let longer = Password::unchecked(format!("{longest}y"));
        assert!(!passwords.verify(&longer, Some(&hash)).await.unwrap());
    }
}
