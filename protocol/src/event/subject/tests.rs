//! Names: good ones, and each way in which one is none.

use schemas::id::{KeyId, Sector};

use super::*;
use crate::{seal::Algorithm, testing::name};

const NOW: Timestamp = Timestamp::from_seconds(1_795_248_100);

/// A registry that names people to revenue, and social welfare, which asks.
struct Scene {
    registry: EntityId,
    signing: SigningKey,
    revenue: (EntityId, DecryptionKey),
    social: (EntityId, SigningKey),
}

fn entity(text: &str) -> EntityId {
    name(&format!("https://{text}.gov.example"))
}

fn new_key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

impl Scene {
    fn new() -> Self {
        Self {
            registry: entity("civil"),
            signing: new_key(),
            revenue: (entity("revenue"), DecryptionKey::generate().unwrap()),
            social: (entity("social"), new_key()),
        }
    }

    fn sub() -> SectorSubject {
        name("3cbisiTQ_YIWaSAiWDhpNvyc4omeIV7sYyK5X43ZbWo")
    }

    fn claims(&self) -> NamedSubject {
        NamedSubject {
            v: V1,
            iss: self.registry.clone(),
            aud: self.revenue.0.clone(),
            iat: NOW.numeric(),
            exp: NOW.numeric().plus(NAME_LIFE),
            jti: random::message_id(NOW),
            r#for: self.social.0.clone(),
            sub: Self::sub(),
        }
    }

    /// A name that somebody made of claims and a key of his own choice, in a sealed part that says what the good one would say.
    fn made(&self, key: &SigningKey, bend: impl FnOnce(&mut NamedSubject)) -> CompactJwe {
        let mut claims = self.claims();
        bend(&mut claims);
        let statement = sign(Typ::NamedSubject, key, &claims).unwrap();
        self.around(&statement)
    }

    fn around(&self, body: &impl serde::Serialize) -> CompactJwe {
        let binding = Binding::subject(&self.registry, &self.revenue.0, &self.social.0);
        seal(self.revenue.1.public(), &binding, body).unwrap()
    }

    fn opened_at(&self, jwe: &CompactJwe, used: i64) -> Result<NamedPerson, NameInvalid> {
        let keys = [self.revenue.1.clone()];
        let (registry, key) = (self.registry.clone(), self.signing.public().clone());
        let registries = move |entity: &EntityId, kid: &KeyId, _: NumericDate| {
            (*entity == registry && kid == key.kid()).then(|| key.clone())
        };
        open_subject(jwe, &self.revenue.0, &keys, &self.social.0, &registries, NOW.numeric().plus(used))
    }

    fn opened(&self, jwe: &CompactJwe) -> Result<NamedPerson, NameInvalid> {
        self.opened_at(jwe, 0)
    }
}

#[test]
fn a_name_opens_at_its_receiver_for_its_asker() {
    let scene = Scene::new();
    let registry = NamingRegistry { entity: &scene.registry, signing: &scene.signing };
    let to = (&scene.revenue.0, scene.revenue.1.public());
    let jwe = registry.name(to, &scene.social.0, Scene::sub(), NOW).unwrap();
    let person = scene.opened(&jwe).unwrap();
    assert_eq!((person.registry(), person.subject()), (&scene.registry, &Scene::sub()));
    let again = registry.name(to, &scene.social.0, Scene::sub(), NOW).unwrap();
    assert_ne!(jwe, again, "two names of one person show nothing in common");
}

#[test]
fn an_asker_cannot_make_a_name_itself() {
    let scene = Scene::new();
    let own = &scene.social.1;
    let as_registry = scene.made(own, |_| ());
    assert_eq!(scene.opened(&as_registry), Err(NameInvalid::NotRegistry), "its own key, in the registry's name");
    let mut forged = sign(Typ::NamedSubject, &scene.signing, &scene.claims()).unwrap().to_string();
    let other = sign(Typ::NamedSubject, own, &scene.claims()).unwrap().to_string();
    forged.truncate(forged.rfind('.').unwrap());
    forged.push_str(&other[other.rfind('.').unwrap()..]);
    let forged: CompactJws = forged.parse().unwrap();
    assert_eq!(scene.opened(&scene.around(&forged)), Err(NameInvalid::Statement(JwsError::SignatureInvalid)));
    let bare = serde_json::json!({ "sub": Scene::sub(), "for": scene.social.0 });
    let unsigned = scene.opened(&scene.around(&bare)).unwrap_err();
    assert!(matches!(unsigned, NameInvalid::Sealed(JweError::Content(_))), "a name as it was sealed unsigned");
}

#[test]
fn another_statement_of_the_registry_is_no_name() {
    let scene = Scene::new();
    for typ in [Typ::Subjects, Typ::Receipt, Typ::SdJwtVc] {
        let statement = sign(typ, &scene.signing, &scene.claims()).unwrap();
        let opened = scene.opened(&scene.around(&statement));
        assert_eq!(opened, Err(NameInvalid::Statement(JwsError::TypeWrong { expected: Typ::NamedSubject })));
    }
}

#[test]
fn a_good_statement_cannot_be_moved_to_another_receiver_asker_or_registry() {
    let scene = Scene::new();
    type Bend = fn(&mut NamedSubject);
    let bends: [(&str, Bend); 3] = [
        ("another receiver", |named| named.aud = entity("food")),
        ("another asker", |named| named.r#for = entity("food")),
        ("another registry", |named| named.iss = entity("food")),
    ];
    for (why, bend) in bends {
        assert_eq!(scene.opened(&scene.made(&scene.signing, bend)), Err(NameInvalid::Moved), "{why}");
    }
    let food = Scene { social: (entity("food"), new_key()), ..scene };
    let elsewhere = Scene { social: (entity("social"), new_key()), ..Scene::new() };
    let jwe = seal_name(food.revenue.1.public(), &elsewhere.claims(), &food.signing).unwrap();
    assert_eq!(food.opened(&jwe), Err(NameInvalid::Sealed(JweError::Moved)), "in another asker's message");
    assert_eq!(elsewhere.opened(&jwe), Err(NameInvalid::Sealed(JweError::OtherKey)), "at another receiver");
}

#[test]
fn a_name_ends_and_never_lives_longer_than_a_day() {
    let scene = Scene::new();
    let good = scene.made(&scene.signing, |_| ());
    for (used, opens) in [
        (0, true),
        (-SKEW, true),
        (-SKEW - 1, false),
        (NAME_LIFE - 1, true),
        (NAME_LIFE + SKEW - 1, true),
        (NAME_LIFE + SKEW, false),
        (365 * 86_400, false),
    ] {
        let expected = if opens { Ok(()) } else { Err(NameInvalid::NotInForce) };
        assert_eq!(scene.opened_at(&good, used).map(drop), expected, "used after {used} s");
    }
    for exp in [0, -1, NAME_LIFE + 1, i64::MAX - NOW.numeric().seconds()] {
        let jwe = scene.made(&scene.signing, |named| named.exp = named.iat.plus(exp));
        assert_eq!(scene.opened(&jwe), Err(NameInvalid::NotInForce), "a life of {exp} s");
    }
}

#[test]
fn each_reason_has_its_code() {
    for (error, code) in [
        (NameInvalid::Sealed(JweError::Moved), Code::TokenMalformed),
        (NameInvalid::Statement(JwsError::SignatureInvalid), Code::SignatureInvalid),
        (NameInvalid::NotRegistry, Code::SignatureInvalid),
        (NameInvalid::Moved, Code::TokenMalformed),
        (NameInvalid::NotInForce, Code::Stale),
    ] {
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn the_directory_says_who_is_a_registry_of_our_sector() {
    use crate::{credential::binding::DirectoryKeys, testing::World};
    let world = World::new();
    let jwe = world.named("RID-0001", &world.consumer.entity);
    let opened = |sector: &str, seconds: i64| {
        let (directory, sector, now) = (world.directory(), name::<Sector>(sector), world.now.plus(seconds));
        let keys = DirectoryKeys { directory: &directory, sector: &sector, now };
        let ours = [world.provider.encryption.clone()];
        open_subject(&jwe, &world.provider.entity, &ours, &world.consumer.entity, &keys, now.numeric()).map(drop)
    };
    assert_eq!(opened("revenue", 0), Ok(()));
    assert_eq!(opened("defence", 0), Err(NameInvalid::NotRegistry), "a sector that the anchor did not give it");
    assert_eq!(opened("revenue", 90_000), Err(NameInvalid::NotRegistry), "by a directory that is outdated");
}
