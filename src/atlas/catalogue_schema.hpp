// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The tables of a catalogue, as they are written and as readers demand them
/// (docs/atlas-format.md).

#include <array>
#include <cstdint>

namespace sicmir::atlas::schema {

/// `user_version`: 2 has the values of groups and of contrasts in tables of their own.
inline constexpr int version = 2;

inline constexpr std::int64_t application_id = 0x53694D69;  // "SiMi"

/// In the order of their names, as sqlite_schema keeps them.
struct Entry {
  const char* name;
  const char* sql;
};
inline constexpr std::array entries = {
    Entry{"contrast_values",
          "CREATE TABLE contrast_values(id INTEGER PRIMARY KEY, effect BLOB, error BLOB)"},
    Entry{"contrasts",
          "CREATE TABLE contrasts(id INTEGER PRIMARY KEY, dataset INTEGER, type INTEGER, "
          "condition INTEGER, reference INTEGER, n_condition INTEGER, n_reference INTEGER)"},
    Entry{"edges",
          "CREATE TABLE edges(dataset INTEGER, rank INTEGER, type INTEGER, mirna INTEGER, target "
          "TEXT, correlation REAL, weight REAL, PRIMARY KEY(dataset, rank))"},
    Entry{"edges_by_target", "CREATE INDEX edges_by_target ON edges(target)"},
    Entry{"facts", "CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"},
    Entry{"group_means", "CREATE TABLE group_means(id INTEGER PRIMARY KEY, mean BLOB)"},
    Entry{"group_spreads", "CREATE TABLE group_spreads(id INTEGER PRIMARY KEY, sd BLOB)"},
    Entry{"groups",
          "CREATE TABLE groups(id INTEGER PRIMARY KEY, dataset INTEGER, type INTEGER, tissue "
          "INTEGER, disease INTEGER, condition INTEGER, n_cells INTEGER, n_samples INTEGER, "
          "n_donors INTEGER, n_below_floor INTEGER)"},
    Entry{"mirna_markers", "CREATE TABLE mirna_markers(id INTEGER PRIMARY KEY, markers BLOB)"},
    Entry{"mirna_values", "CREATE TABLE mirna_values(id INTEGER PRIMARY KEY, mean BLOB, sd BLOB)"},
    Entry{"mirnas",
          "CREATE TABLE mirnas(id INTEGER PRIMARY KEY, name TEXT, mimat TEXT, target TEXT, mean "
          "REAL, sd REAL, within_cohort REAL, pooled REAL, leave_cohort_out REAL, n_held_out "
          "INTEGER)"},
    Entry{"sets",
          "CREATE TABLE sets(id INTEGER PRIMARY KEY, name TEXT, title TEXT, citation TEXT, url "
          "TEXT, public TEXT, comparable INTEGER, n_cells INTEGER, n_samples INTEGER, n_donors "
          "INTEGER, reference_condition TEXT, scale TEXT, model TEXT, model_name TEXT, version "
          "TEXT, input TEXT, input_checksum TEXT, seal TEXT, options TEXT, left_out TEXT)"},
    Entry{"shared_donors",
          "CREATE TABLE shared_donors(donor TEXT, dataset INTEGER, PRIMARY KEY(donor, dataset))"},
    Entry{"terms",
          "CREATE TABLE terms(kind TEXT, id INTEGER, name TEXT, ontology TEXT, PRIMARY KEY(kind, "
          "id))"},
    Entry{"triples",
          "CREATE TABLE triples(dataset INTEGER, rank INTEGER, sender INTEGER, receiver INTEGER, "
          "mirna INTEGER, score REAL, p REAL, PRIMARY KEY(dataset, rank))"},
    Entry{"type_markers",
          "CREATE TABLE type_markers(dataset INTEGER, type INTEGER, markers BLOB, PRIMARY "
          "KEY(dataset, type))"}};

}  // namespace sicmir::atlas::schema
