//! `migrate`.

use crate::program::Installation;

#[test]
fn the_schema_goes_up_and_down() {
    let installation = Installation::new().with("MIGRATE_ON_START", "false");
    let pending = |installation: &Installation| {
        let said = installation.run(&["migrate", "status"]).expect(0);
        let count = |state: &str| said.out.lines().filter(|l| l.ends_with(state)).count();
        (count(" applied"), count(" pending"))
    };
    let (applied, all) = pending(&installation);
    assert_eq!(applied, 0);
    assert!(all >= 5);

    let said = installation.run(&["export", "tickets"]).expect(1);
    assert!(said.err.contains("ai-tickets migrate up"), "{}", said.err);

    installation.run(&["migrate", "up", "--steps", "2"]).expect(0);
    assert_eq!(pending(&installation), (2, all - 2));
    installation.run(&["migrate", "up"]).expect(0);
    assert_eq!(pending(&installation), (all, 0));
    let said = installation.run(&["migrate", "up"]).expect(0);
    assert_eq!(said.out, "nothing to be applied\n");
    installation.run(&["export", "tickets"]).expect(0);

    let said = installation.run(&["migrate", "down"]).expect(0);
    assert!(said.out.starts_with("reverted "), "{}", said.out);
    assert_eq!(pending(&installation), (all - 1, 1));
    installation.run(&["migrate", "down", "--steps", "99"]).expect(0);
    assert_eq!(pending(&installation), (0, all));
    installation.run(&["migrate", "down", "--steps", "0"]).expect(2);
}
