// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What was found out and decided about an input, as JSON: reports, summaries and `inspect` have
/// the same members (docs/batch.md).

#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/note.hpp"
#include "sicmir/reading.hpp"

namespace sicmir::cli {

/// Adds the fields to `json`; "a/b" is the member b of the object a.
void add_fields(Json& json, std::span<const Field> fields);

/// Adds `lines_are` and, of a text table, `table`.
void add_layout(Json& json, const SourceDescription& source);

/// Adds `values` and `scale`, as far as they are decided.
void add_decision(Json& json, const Decision& decision, const std::string& platform);

/// A list of objects: `kind`, `text`, and the fields of each.
[[nodiscard]] Json json_of(std::span<const Note> notes);

/// What the genes and the decision say; description().warnings say the rest.
[[nodiscard]] std::vector<Note> notes_of(const GeneMapReport& genes, const Decision& decision);

}  // namespace sicmir::cli
