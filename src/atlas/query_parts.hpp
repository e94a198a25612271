// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the questions to an atlas share.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "atlas/query.hpp"
#include "base/nan.hpp"

namespace sicmir::atlas {

/// By name, else by accession. Throws Error(usage) with the nearest name; likewise the next two.
[[nodiscard]] Index find_mirna(const Catalogue& catalogue, const std::string& name);
/// By name, else by ontology id, else by name regardless of case.
[[nodiscard]] std::int32_t find_term(const Catalogue& catalogue, TermKind kind,
                                     const std::string& name);
[[nodiscard]] std::int32_t find_set(const Catalogue& catalogue, const std::string& id);

/// Empty for `none`.
[[nodiscard]] std::string name_of(const Catalogue& catalogue, TermKind kind, std::int32_t position);
[[nodiscard]] std::int32_t comparable_of(const Catalogue& catalogue, std::int32_t set);

/// A filter whose names are known.
class Filter {
 public:
  Filter(const Catalogue& catalogue, const QueryFilter& stated) : min_samples_(stated.min_samples) {
    const auto settle = [&](const std::string& name, TermKind kind) {
      if (!name.empty()) terms_.emplace_back(kind, find_term(catalogue, kind, name));
    };
    settle(stated.type, TermKind::type);
    settle(stated.tissue, TermKind::tissue);
    settle(stated.disease, TermKind::disease);
    settle(stated.condition, TermKind::condition);
    if (!stated.set.empty()) set_ = find_set(catalogue, stated.set);
    narrows_ = min_samples_ > 1 || std::any_of(terms_.begin(), terms_.end(), [](const auto& one) {
                 return one.first != TermKind::type;
               });
    if (!narrows_) return;
    for (const CatalogueGroup& group : catalogue.groups()) {
      if (passes(group)) parts_.emplace(group.set, group.type);
    }
  }

  [[nodiscard]] bool passes(const CatalogueGroup& group) const {
    return passes_set(group.set) && group.n_samples >= min_samples_ &&
           std::all_of(terms_.begin(), terms_.end(),
                       [&](const auto& one) { return term_of(group, one.first) == one.second; });
  }
  [[nodiscard]] bool passes_set(std::int32_t set) const { return set_ == none || set == set_; }
  /// Of what is made of all groups of a type in a data set together: whether one of them passes.
  [[nodiscard]] bool passes_part(std::int32_t set, std::int32_t type) const {
    return passes_set(set) && passes_term(TermKind::type, type) &&
           (!narrows_ || parts_.count({set, type}) > 0);
  }
  /// Whether more is asked than a type and a data set.
  [[nodiscard]] bool narrows() const { return narrows_; }
  [[nodiscard]] bool passes_term(TermKind kind, std::int32_t position) const {
    return std::all_of(terms_.begin(), terms_.end(), [&](const auto& one) {
      return one.first != kind || one.second == position;
    });
  }

 private:
  std::vector<std::pair<TermKind, std::int32_t>> terms_;
  std::set<std::pair<std::int32_t, std::int32_t>> parts_;
  std::int32_t set_ = none;
  bool narrows_ = false;
  Index min_samples_;
};

/// Mean, spread and ends of one number per data set.
struct Spread {
  Index n = 0;
  double mean = nan, sd = nan, low = nan, high = nan;
};

[[nodiscard]] Spread spread_of(const std::vector<double>& values);

/// A sum that becomes a mean.
struct Mean {
  double sum = 0;
  Index n = 0;

  void add(double value) {
    sum += value;
    ++n;
  }
  [[nodiscard]] double value() const { return n == 0 ? nan : sum / static_cast<double>(n); }
};

/// A line of these fields, none of which is copied twice, as a list of initialisers would be.
template <class... Fields>
[[nodiscard]] std::vector<Field> line_with(Fields&&... fields) {
  std::vector<Field> line;
  line.reserve(sizeof...(fields));
  (line.emplace_back(std::forward<Fields>(fields)), ...);
  return line;
}

/// The columns of a marker in one set, and its line.
[[nodiscard]] std::vector<std::string> marker_columns();
[[nodiscard]] std::vector<Field> marker_line(const Catalogue& catalogue,
                                             const CatalogueMarker& marker);

/// Notes that `what` is made of whole data sets, if the filter narrows them down.
void say_whole_sets(Answer& answer, const Filter& filter, const std::string& what);

/// Notes what z-scores are relative to, if some are relative to their data set.
void say_scale(Answer& answer, const Catalogue& catalogue);

}  // namespace sicmir::atlas
