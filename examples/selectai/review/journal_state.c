/*
 * review/journal_state.c: what lines do: where each group stands, and what can be undone.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "journal_internal.h"

int make_room(void *items, size_t *capacity, size_t need, size_t size)
{
    void *old, *grown;
    if (need <= *capacity)
        return 1;
    size_t wanted = *capacity < 16 ? 16 : *capacity;
    while (wanted < need && wanted <= SIZE_MAX / 2)
        wanted *= 2;
    if (wanted < need || wanted > SIZE_MAX / size)
        return 0;
    memcpy(&old, items, sizeof old);
    grown = realloc(old, wanted * size);
    if (!grown)
        return 0;
    memcpy(items, &grown, sizeof grown);
    *capacity = wanted;
    return 1;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

int state_open(struct journal *journal)
{
    size_t n = journal->groups->n_groups;
    if (!make_room(&journal->slots, &journal->slots_capacity, n + 1, sizeof *journal->slots))
        return SELECTAI_ERR_OUT_OF_MEMORY;
    memset(journal->slots, 0, n * sizeof *journal->slots);
    journal->n_slots = n;
    return SELECTAI_OK;
}

void state_close(struct journal *journal)
{
    for (size_t i = 0; i < journal->n_changes; i++)
        free_decision(&journal->changes[i].standing.decision);
    free(journal->changes);
    free(journal->operations);
    free(journal->slots);
    free(journal->strangers.ids);
    id_table_close(&journal->strangers.table);
    free(journal->stack);
    free(journal->floors);
}

void state_reset(struct journal *journal)
{
    journal->revision++;
    for (size_t i = 0; i < journal->n_slots; i++)
        if (journal->slots[i].current)
            journal->slots[i] = (struct slot){.revision = journal->revision};
    for (size_t i = 0; i < journal->n_changes; i++)
        free_decision(&journal->changes[i].standing.decision);
    journal->n_changes = journal->n_operations = journal->depth = journal->top = journal->n_floors = 0;
    journal->op = journal->n_lines = 0;
    journal->has_header = 0;
    journal->file.end = 0;
}

/* The table is at most half full; a new one of twice the room takes its place. */
static int enlarge(struct id_list *list)
{
    struct id_table table;
    size_t room = list->room ? 2 * list->room : 64;
    if (list->n < list->room)
        return 1;
    if (!make_room(&list->ids, &list->capacity, room, sizeof *list->ids) || id_table_open(&table, room) != 0)
        return 0;
    for (size_t i = 0; i < list->n; i++)
        id_table_add(&table, strtoull(list->ids[i], NULL, 16), i);
    id_table_close(&list->table);
    list->table = table;
    list->room = room;
    return 1;
}

size_t slot_of_id(struct journal *journal, const char *id)
{
    struct id_list *list = &journal->strangers;
    size_t n_groups = journal->groups->n_groups, index = find_group(journal->groups, id);
    if (index != NO_INDEX)
        return index;
    index = id_table_find(&list->table, id);
    if (index != SIZE_MAX)
        return n_groups + index;
    if (!enlarge(list) ||
        !make_room(&journal->slots, &journal->slots_capacity, journal->n_slots + 1, sizeof *journal->slots))
        return SIZE_MAX;
    memcpy(list->ids[list->n], id, REVIEW_ID);
    id_table_add(&list->table, strtoull(id, NULL, 16), list->n++);
    journal->slots[journal->n_slots] = (struct slot){0};
    return journal->n_slots++;
}

const char *id_of_slot(const struct journal *journal, size_t slot)
{
    size_t n_groups = journal->groups->n_groups;
    return slot < n_groups ? journal->groups->groups[slot].id : journal->strangers.ids[slot - n_groups];
}

/* ---- Operations ------------------------------------------------------------------------------ */

int state_reserve(struct journal *journal, size_t n)
{
    return n <= SIZE_MAX - journal->n_changes &&
           make_room(&journal->changes, &journal->changes_capacity, journal->n_changes + n, sizeof *journal->changes) &&
           make_room(&journal->operations, &journal->operations_capacity, journal->n_operations + 1,
                     sizeof *journal->operations) &&
           make_room(&journal->stack, &journal->stack_capacity, journal->depth + 1, sizeof *journal->stack);
}

static void hold(struct journal *journal, size_t slot, size_t current)
{
    journal->slots[slot].current = current;
    journal->slots[slot].revision = journal->revision;
}

void state_decide(struct journal *journal, uint64_t op, size_t n)
{
    size_t first = journal->n_changes;
    journal->revision++;
    for (size_t i = first; i < first + n; i++) {
        struct change *change = &journal->changes[i];
        struct slot *slot = &journal->slots[change->slot];
        change->before = slot->current;
        slot->offset = change->offset;
        slot->length = change->length;
        hold(journal, change->slot, i + 1);
    }
    journal->n_changes += n;
    journal->operations[journal->n_operations] = (struct operation){op, first, n};
    journal->stack[journal->depth++] = journal->n_operations++;
    journal->top = journal->depth; /* what was undone cannot be done again */
}

static size_t floor_now(const struct journal *journal)
{
    return journal->n_floors ? journal->floors[journal->n_floors - 1] : 0;
}

const struct operation *state_to_undo(const struct journal *journal)
{
    return journal->depth > floor_now(journal) ? &journal->operations[journal->stack[journal->depth - 1]] : NULL;
}

const struct operation *state_to_redo(const struct journal *journal)
{
    return journal->depth < journal->top ? &journal->operations[journal->stack[journal->depth]] : NULL;
}

void state_undo(struct journal *journal)
{
    const struct operation *operation = state_to_undo(journal);
    journal->revision++;
    for (size_t i = operation->first + operation->n; i-- > operation->first;) /* a group may be in it twice */
        hold(journal, journal->changes[i].slot, journal->changes[i].before);
    journal->depth--;
}

void state_redo(struct journal *journal)
{
    const struct operation *operation = state_to_redo(journal);
    journal->revision++;
    for (size_t i = operation->first; i < operation->first + operation->n; i++)
        hold(journal, journal->changes[i].slot, i + 1);
    journal->depth++;
}

int state_finalize(struct journal *journal)
{
    if (!make_room(&journal->floors, &journal->floors_capacity, journal->n_floors + 1, sizeof *journal->floors))
        return 0;
    journal->moves++;
    journal->floors[journal->n_floors++] = journal->depth;
    journal->top = journal->depth;
    return 1;
}

void state_undo_finalize(struct journal *journal)
{
    journal->moves++;
    if (journal->n_floors > 0)
        journal->n_floors--;
}
