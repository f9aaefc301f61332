//! The promises of a store, written once. `sqlite.rs` runs them on SQLite; another database runs the same list.
//!
//! Nothing here names a database: what needs SQL of its own goes through [`harness::Harness`].

pub(crate) mod batch;
pub(crate) mod concurrency;
pub(crate) mod constraint;
pub(crate) mod context;
pub(crate) mod deletion;
pub(crate) mod entities;
pub(crate) mod harness;
pub(crate) mod in_flight;
pub(crate) mod inbox;
pub(crate) mod laws;
pub(crate) mod model;
pub(crate) mod relay;
pub(crate) mod renamed_columns;
pub(crate) mod search;
pub(crate) mod state_in_events;
pub(crate) mod tampering;
pub(crate) mod unit_of_work;
pub(crate) mod unknown_outcome;
pub(crate) mod values;

/// Hands every test of the contract, by theme, to the macro that runs it. A test that is missing here is dead code, and
/// the compiler says so.
macro_rules! every_test {
    ($run:ident) => {
        $run! {
            laws {
                law_1_created_at_never_changes_after_create,
                law_2_updated_at_never_goes_back,
                law_3_every_create_touch_and_delete_adds_exactly_one_event,
                law_3_ids_are_not_reused,
                law_4_a_row_and_its_events_are_stored_together_or_not_at_all,
                law_5_events_leave_the_entity_only_when_their_commit_is_known,
                law_6_saving_again_decides_an_unknown_outcome,
                law_7_a_stale_save_is_a_conflict_and_writes_nothing,
                law_7_saving_a_row_that_is_gone_is_a_conflict,
                law_8_a_change_without_touch_is_not_lost_silently,
                law_9_swapped_timestamps_do_not_reach_the_database,
                law_10_an_invalid_entity_is_not_saved,
                law_12_loaded_entities_and_bulk_touches_read_the_clock_of_the_store,
            }
            unit_of_work {
                rolled_back_save_keeps_events_pending,
                failed_commit_keeps_events_pending,
                events_are_forgotten_only_when_the_unit_commits,
                entities_are_loaded_changed_and_saved_in_a_loop,
                an_entity_is_touched_and_saved_again_in_its_unit,
                a_change_without_touch_after_a_save_in_the_unit_is_noticed,
                save_after_rollback_stores_everything,
                an_entity_found_in_a_unit_that_rolled_back_is_a_conflict,
                a_unit_sees_what_it_wrote_and_nobody_else_does,
                a_unit_commits_sql_of_the_users_own,
                a_users_own_commit_is_noticed,
                a_users_own_commit_is_noticed_at_the_units_commit,
                a_users_own_rollback_is_noticed,
                a_refused_save_leaves_the_unit_usable,
                a_failure_of_the_database_ends_the_unit,
                a_trigger_that_ends_the_transaction_ends_the_unit,
                an_empty_unit_commits,
                dropped_commit_is_stored_or_not_and_the_entity_knows,
            }
            in_flight {
                clones_made_after_the_save_share_its_outcome,
                clones_made_before_the_save_know_nothing_of_it,
                a_clone_saved_in_the_unit_of_its_original_keeps_its_events_until_the_commit,
                an_entity_in_flight_in_another_unit_is_refused,
                save_dropped_while_it_waits_is_not_stored,
                save_dropped_after_it_began_is_stored_and_the_entity_knows,
                a_drain_takes_nothing_from_an_entity_in_flight,
                an_entity_drained_by_itself_is_refused,
                a_drain_of_nothing_changes_nothing,
                save_past_the_unit_in_the_same_task_fails_at_once,
                save_that_waits_for_a_unit_is_busy_and_says_where_it_began,
                save_that_waits_for_another_process_is_busy,
            }
            unknown_outcome {
                retried_save_after_unknown_commit_stores_each_event_once,
                an_unknown_save_is_touched_again_and_saved,
                a_change_without_touch_after_an_unknown_save_is_noticed,
                an_unknown_save_that_somebody_overtook_is_a_conflict,
                an_unknown_batch_is_saved_again,
                an_unknown_commit_of_a_unit_is_saved_again,
                an_unknown_save_that_a_unit_finds_stored_survives_its_rollback,
                an_unknown_delete_is_deleted_again,
                an_unknown_delete_is_still_recognised_after_a_busy_one,
                an_unknown_delete_is_still_recognised_after_a_unit_that_rolled_back,
                an_unknown_delete_that_is_touched_keeps_time_in_order,
                resolve_of_an_entity_that_was_saved_or_never_was,
            }
            tampering {
                an_older_clones_timestamps_are_a_conflict,
                a_fresh_create_under_the_same_id_already_exists,
                a_changed_id_is_tampering,
                an_entity_built_around_anothers_timestamps_is_tampering,
                a_row_changed_behind_the_stores_back_is_refused,
                a_row_deleted_behind_the_stores_back_is_a_conflict,
                columns_changed_behind_the_stores_back_do_not_look_like_a_change,
            }
            constraint {
                unique_constraint_is_named,
                check_constraint_is_named,
                deferred_foreign_key_is_refused_at_the_commit,
                unique_violation_in_a_group_leaves_its_neighbours_alone,
                check_violation_in_a_group_leaves_its_neighbours_alone,
                trigger_that_aborts_in_a_group_leaves_its_neighbours_alone,
                trigger_that_fails_in_a_group_leaves_its_neighbours_alone,
                trigger_that_fails_afterwards_in_a_group_leaves_its_neighbours_alone,
                trigger_that_rolls_back_in_a_group_leaves_its_neighbours_alone,
                trigger_that_ignores_in_a_group_leaves_its_neighbours_alone,
                trigger_that_ignores_afterwards_tears_nothing,
                trigger_that_ignores_a_row_is_a_constraint,
                batch_with_one_bad_entity_stores_nothing_and_names_it,
                deferred_foreign_key_in_a_group_leaves_its_neighbours_alone,
            }
            batch {
                save_all_stores_every_entity_and_its_events,
                one_entity_twice_in_a_batch_is_refused_by_its_outcome,
                touch_all_keeps_the_laws_for_every_row,
                touch_all_of_no_row_writes_nothing,
                touch_all_in_a_unit_is_rolled_back_with_it,
                touch_all_with_an_unknown_commit_is_whole_or_nothing,
                touch_all_with_the_wrong_number_of_values_touches_nothing,
                update_of_no_row_is_not_found,
                update_that_is_refused_stores_nothing,
                updates_by_many_tasks_lose_none,
            }
            model {
                any_sequence_ends_as_the_naive_model_says,
            }
            values {
                a_value_that_no_column_can_hold_is_invalid_and_named,
                a_panic_while_a_row_is_written_harms_nobody_else,
            }
            concurrency {
                many_tasks_at_a_few_entities_lose_nothing,
                two_stores_on_one_database_lose_nothing,
            }
            deletion {
                delete_stores_the_pending_events_and_its_own,
                delete_of_an_entity_that_was_never_saved_is_a_conflict,
                delete_in_a_unit_is_known_at_its_commit,
                an_entity_is_created_changed_and_deleted_in_one_unit,
                an_entity_without_a_string_for_an_id_is_deleted,
                entities_of_two_types_may_have_the_same_id,
            }
            renamed_columns {
                an_entity_lives_in_renamed_columns,
                a_users_own_table_keeps_its_names,
                a_missing_renamed_column_is_named,
                an_unreadable_renamed_column_is_named,
            }
            state_in_events {
                an_event_carries_the_state_after_its_change,
                an_event_without_the_key_carries_no_state,
                touch_all_of_an_entity_with_state_is_refused,
                a_value_that_is_no_json_is_refused_and_named,
            }
            context {
                whatever_is_saved_in_a_scope_carries_its_context,
                saves_at_once_each_carry_their_own_context,
                what_follows_from_an_event_says_so,
            }
            inbox {
                an_event_that_arrives_again_does_nothing,
                work_that_failed_is_done_when_the_event_comes_again,
                of_two_who_work_at_one_event_at_once_one_does_it,
                an_inbox_forgets_what_is_old,
            }
            relay {
                every_event_is_delivered_once_and_in_order,
                a_relay_goes_on_where_it_was_stopped,
                after_a_crash_events_arrive_again_and_none_is_skipped,
                an_event_is_parked_after_so_many_refusals_and_others_go_on,
                refusals_are_counted_over_restarts,
                released_events_are_delivered_in_version_order,
                a_released_event_that_is_refused_again_is_parked_again,
                a_discarded_event_lets_those_behind_it_go,
                a_released_event_that_was_deleted_is_parked_again_and_says_so,
                an_entity_that_is_parked_again_and_again_holds_up_no_release,
                a_relay_notices_that_parked_events_were_given_up,
                while_the_sink_is_away_events_wait_and_none_is_parked,
                a_sink_that_panics_or_hangs_is_asked_again_and_others_go_on,
                delivering_all_ends_where_the_sink_only_panics_or_hangs,
                of_two_relays_of_one_name_one_leads,
                a_relay_that_was_taken_for_dead_changes_nothing,
                a_lease_that_ends_far_in_the_future_does_not_outlive_its_holder,
                relays_of_different_names_each_deliver_every_event,
                only_events_of_the_named_types_are_delivered,
                a_row_that_is_no_event_is_parked_with_the_reason,
                old_events_are_deleted_when_every_relay_is_done_with_them,
                delivering_all_deletes_what_is_old_before_it_ends,
                a_relay_that_does_not_get_on_says_that_it_is_stuck,
                large_events_are_read_few_at_a_time,
                a_save_wakes_the_relay,
                a_subscriber_gets_the_events_of_its_type_and_goes_on_after_a_restart,
            }
            search {
                find_all_takes_more_ids_than_one_statement,
                filter_takes_bound_values_and_ends_as_the_user_likes,
                filter_with_the_wrong_number_of_values_is_refused,
                recent_pages_through_everything_newest_first,
                recent_pages_by_a_numeric_id,
                pages_are_stable_while_rows_are_touched,
                changed_since_lists_changes_in_their_order,
                the_outbox_is_read_in_order_and_in_parts,
            }
        }
    };
}

pub(crate) use every_test;
