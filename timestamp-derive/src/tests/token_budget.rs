//! Every token that is generated is compiled once per entity, so their number has a limit.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

// What was generated on 2026-11-20 (795, 244 and 124), with a little air. A `::` is two tokens.
const BUDGET_OF_A_RECORD: usize = 800;
const BUDGET_OF_AN_ENTITY: usize = 250;
const BUDGET_OF_A_FIELD: usize = 125;

/// Counts tokens; a group is one more for each of its two delimiters.
fn count(tokens: TokenStream) -> usize {
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => count(group.stream()) + 2,
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
    });
    tokens.sum()
}

fn generated(input: TokenStream) -> usize {
    count(crate::timestamped(input))
}

/// An id, two fields, timestamps, a table.
#[test]
fn minimal_record_stays_within_its_budget() {
    let tokens = generated(quote! {
        #[timestamped(table = "tasks")]
        struct Task {
            #[timestamped(id)]
            id: Uuid,
            title: String,
            done: bool,
            timestamps: Timestamps,
        }
    });
    assert!(tokens <= BUDGET_OF_A_RECORD, "{tokens} tokens are generated, and the budget is {BUDGET_OF_A_RECORD}");
}

#[test]
fn entity_without_a_table_stays_within_its_budget() {
    let tokens = generated(quote! {
        struct Task {
            #[timestamped(id)]
            id: Uuid,
            title: String,
            done: bool,
            timestamps: Timestamps,
        }
    });
    assert!(tokens <= BUDGET_OF_AN_ENTITY, "{tokens} tokens are generated, and the budget is {BUDGET_OF_AN_ENTITY}");
}

#[test]
fn one_more_field_stays_within_its_budget() {
    let fields = |count: usize| {
        let fields = (0..count).map(|index| quote::format_ident!("field_{index}"));
        generated(quote! {
            #[timestamped(table = "tasks")]
            struct Task { #[timestamped(id)] id: Uuid, timestamps: Timestamps, #(#fields: String),* }
        })
    };
    let tokens = fields(11) - fields(10);
    assert!(tokens <= BUDGET_OF_A_FIELD, "{tokens} tokens are generated, and the budget is {BUDGET_OF_A_FIELD}");
}
