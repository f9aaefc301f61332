//! No input makes the derive panic, run for ever, or generate what is not Rust.
//!
//! The cases are drawn from a fixed seed, so that a failure can be repeated; `NO_PANIC_SEED=7` draws others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use super::refusals::messages_in;

/// xorshift64*: small, and good enough to mix tokens.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let seed = std::env::var("NO_PANIC_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5EED_2026);
        println!("NO_PANIC_SEED={seed}");
        // The state must not be 0.
        Self(seed | 1 << 63)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const WORDS: [&str; 46] = [
    "struct",
    "enum",
    "union",
    "pub",
    "crate",
    "where",
    "const",
    "dyn",
    "impl",
    "for",
    "mut",
    "self",
    "Self",
    "super",
    "in",
    "unsafe",
    "as",
    "fn",
    "_",
    "Task",
    "T",
    "Timestamps",
    "Option",
    "String",
    "Uuid",
    "u8",
    "timestamped",
    "repr",
    "packed",
    "id",
    "timestamps",
    "column",
    "json",
    "text",
    "skip",
    "table",
    "entity",
    "validate",
    "version",
    "r#type",
    "r#struct",
    "created_at_ms",
    "created_at",
    "updated_at",
    "tabel",
    "größe",
];
const LITERALS: [&str; 12] = [
    "\"\"",
    "\"tasks\"",
    "\"a\\0b\"",
    "\"x\"suffix",
    "r#\"raw\"#",
    "b\"bytes\"",
    "c\"c\"",
    "'c'",
    "1",
    "2.5e3",
    "true",
    "-1",
];
const PUNCTUATION: [char; 22] =
    ['#', '!', ',', ':', ';', '=', '<', '>', '&', '*', '+', '-', '?', '.', '|', '\'', '@', '$', '/', '%', '^', '~'];

/// Structs that are entities, for mutations to begin with.
const ENTITIES: [&str; 4] = [
    "struct Task { #[timestamped(id)] id: u64, timestamps: Timestamps }",
    "#[timestamped(table = \"tasks\", entity = \"task\", validate = Self::check, crate = ::timestamp_core)]
     pub struct Task { #[timestamped(id, column = \"task_id\")] pub id: Uuid, #[timestamped(json)] a: Option<Vec<u8>>,
     #[timestamped(text)] b: std::option::Option<IpAddr>, #[timestamped(skip)] c: Cache, r#type: String,
     #[timestamped(timestamps)] d: Stamps }",
    "#[repr(C)] #[timestamped(table = \"boxes\")] struct Boxed<'a, T: Clone + 'a = u8, const N: usize = { 1 + 2 }>
     where T: for<'b> Fn(&'b [u8; N]) -> Result<(), Box<dyn Error + 'b>>, { #[timestamped(id)] id: T,
     content: &'a [T; N], timestamps: core::Timestamps }",
    "#[derive(Debug)] #[doc = \"a\"] #[timestamped(entity = \"x\",)] #[timestamped(validate = <Self as A<B, C>>::check)]
     struct Task { pub(crate) a: (), #[timestamped(id)] #[timestamped()] b: fn(u8, !) -> *const u8, c: impl Sized,
     timestamps: (Timestamps) }",
];

fn token(random: &mut Random, depth: usize) -> TokenTree {
    match random.below(if depth == 0 { 8 } else { 10 }) {
        0..=3 => {
            let word = random.pick(&WORDS);
            match word.strip_prefix("r#") {
                Some(raw) => Ident::new_raw(raw, Span::call_site()).into(),
                None => Ident::new(word, Span::call_site()).into(),
            }
        }
        4 => match Literal::from_str(random.pick::<&str>(&LITERALS)) {
            Ok(literal) => literal.into(),
            Err(_) => Ident::new("true", Span::call_site()).into(),
        },
        5..=7 => {
            let spacing = if random.one_in(3) { Spacing::Joint } else { Spacing::Alone };
            Punct::new(*random.pick(&PUNCTUATION), spacing).into()
        }
        _ => group(random, depth - 1).into(),
    }
}

fn group(random: &mut Random, depth: usize) -> Group {
    let delimiters = [Delimiter::Brace, Delimiter::Bracket, Delimiter::Parenthesis, Delimiter::None];
    let delimiter = *random.pick(&delimiters);
    Group::new(delimiter, soup(random, depth))
}

fn soup(random: &mut Random, depth: usize) -> TokenStream {
    (0..random.below(12)).map(|_| token(random, depth)).collect()
}

/// Copies `tokens`; about one in `chances` is taken away, doubled, replaced, joined by another, or swapped.
fn mutated(tokens: TokenStream, random: &mut Random, chances: usize) -> TokenStream {
    let mut copy: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let token = match token {
            TokenTree::Group(group) => {
                let inside = mutated(group.stream(), random, chances);
                let delimiter = if random.one_in(chances * 4) { Delimiter::None } else { group.delimiter() };
                Group::new(delimiter, inside).into()
            }
            other => other,
        };
        if !random.one_in(chances) {
            copy.push(token);
            continue;
        }
        match random.below(5) {
            0 => {}
            1 => copy.extend([token.clone(), token]),
            2 => copy.push(self::token(random, 2)),
            3 => copy.extend([self::token(random, 2), token]),
            _ => {
                let place = random.below(copy.len() + 1);
                copy.insert(place, token);
            }
        }
    }
    copy.into_iter().collect()
}

/// A struct around an attribute that is noise.
fn with_noisy_attributes(random: &mut Random) -> TokenStream {
    let (first, second, third) = (soup(random, 2), soup(random, 2), soup(random, 2));
    quote::quote! {
        #[timestamped(#first)]
        struct Task {
            #[timestamped(#second)]
            id: u64,
            #[timestamped(#third)]
            timestamps: Timestamps,
        }
    }
}

/// Returns whether the input was refused.
fn survives(input: TokenStream) -> bool {
    let shown = input.to_string();
    let generated = catch_unwind(AssertUnwindSafe(|| crate::timestamped(input)));
    let Ok(generated) = generated else { panic!("the derive panicked on\n{shown}") };
    let refused = !messages_in(generated.clone()).is_empty();
    assert!(!generated.is_empty(), "nothing is generated, and nothing is refused, for\n{shown}");
    if !refused {
        // What the user's own types and paths are is not for the derive to judge, but its code around them is Rust.
        assert!(syn::parse2::<syn::File>(generated.clone()).is_ok(), "{shown}\nbecame\n{generated}");
    }
    refused
}

#[test]
fn random_tokens_are_refused() {
    let mut random = Random::seeded();
    for _ in 0..4_000 {
        let tokens = soup(&mut random, 4);
        assert!(survives(tokens.clone()), "{tokens} was taken for an entity");
    }
}

#[test]
fn random_attributes_are_survived() {
    let mut random = Random::seeded();
    for _ in 0..4_000 {
        survives(with_noisy_attributes(&mut random));
    }
}

#[test]
fn mutated_entities_are_survived() {
    let mut random = Random::seeded();
    let (mut accepted, mut refused) = (0, 0);
    for chances in [3, 10, 30, 100] {
        for _ in 0..2_000 {
            let entity = TokenStream::from_str(random.pick::<&str>(&ENTITIES)).unwrap();
            match survives(mutated(entity, &mut random, chances)) {
                true => refused += 1,
                false => accepted += 1,
            }
        }
    }
    // Both happen, or the mutations are too wild or too tame to test anything.
    assert!(accepted > 200 && refused > 2_000, "{accepted} accepted, {refused} refused");
}
