//! What the team accepts stays on the screen and accuses nobody.

use stranded_analysis::Policy;
use stranded_analysis::allow::{Allowances, Date};

use super::driver::{Look, attached, connect, hear, screen, start};
use super::fixture;
use crate::app::Standing;

#[test]
fn an_accepted_site_is_shown_as_such_behind_the_accused() {
    let before = attached((120, 40), Look::Dark);
    let worst = before.sites.rows()[0].clone();
    assert!(matches!(worst.standing, Standing::Accused { .. }), "{worst:?}");

    let policy = format!("[[allow]]\nsite = '{}'\nreason = 'known'\n", worst.place);
    let today = Date::new(2027, 1, 1).unwrap();
    let mut app = start((120, 40), Look::Dark);
    app.settings.policy =
        Policy { allowances: Allowances::parse(&policy, today).unwrap(), ..Policy::default() };
    connect(&mut app);
    for seconds in [24, 12, 0] {
        let at = fixture::now().back(std::time::Duration::from_secs(seconds));
        hear(&mut app, fixture::census(at));
    }
    let rows = app.sites.rows();
    let row = rows.iter().find(|row| row.id == worst.id).unwrap();
    assert_eq!(row.standing, Standing::Accepted);
    assert_ne!(rows[0].id, worst.id);
    let screen = screen(&app);
    assert!(screen.contains("accepted 1"), "{screen}");
    assert!(
        screen.lines().any(|line| line.contains("accepted") && line.contains(&worst.place)),
        "{screen}"
    );
}
