// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "base/joined.hpp"
#include "base/nan.hpp"
#include "base/suggest.hpp"

namespace sicmir {
namespace {

constexpr std::size_t most_named = 5;

/// Samples of one donor and condition, in one group or in all.
struct Unit {
  std::string donor, condition;
  std::vector<std::size_t> profiles;
};

/// A donor whom nobody named is the sample.
std::string donor_of(const Profile& profile) {
  return profile.donor.empty() ? "sample " + profile.sample : "donor " + profile.donor;
}

std::vector<Unit> units_of(const Profiles& profiles, const std::vector<std::size_t>& used,
                           const std::string* group) {
  std::map<std::pair<std::string, std::string>, Unit> units;
  for (const std::size_t i : used) {
    const Profile& profile = profiles.profiles[i];
    if (group != nullptr && profile.group != *group) continue;
    const std::string donor = donor_of(profile);
    Unit& unit = units[{donor, profile.condition}];
    unit.donor = donor;
    unit.condition = profile.condition;
    unit.profiles.push_back(i);
  }
  std::vector<Unit> result;
  result.reserve(units.size());
  for (auto& [key, unit] : units) result.push_back(std::move(unit));
  return result;
}

std::vector<std::string> levels(const std::vector<Unit>& units, std::string Unit::*of) {
  std::set<std::string> names;
  for (const Unit& unit : units) names.insert(unit.*of);
  return {names.begin(), names.end()};
}

/// How many conditions each donor gave.
std::map<std::string, Index> conditions_of(const std::vector<Unit>& units) {
  std::map<std::string, Index> result;
  for (const Unit& unit : units) ++result[unit.donor];
  return result;
}

/// The design of some units, with the means of what they were measured with.
struct UnitTable {
  statistics::Design design;
  std::vector<std::string> conditions;  // but the reference; columns `first_condition` and on
  Index first_condition = 0;
  std::vector<double> n_cells;
  std::vector<double> weights;
};

UnitTable make_table(const std::vector<Unit>& units, const Profiles& profiles, bool paired,
                     const CompareOptions& options, double weight_cells) {
  UnitTable table;
  std::vector<std::string>& names = table.design.coefficients;
  if (paired) {
    names = levels(units, &Unit::donor);
  } else {
    names = {"intercept"};
  }
  const std::vector<std::string> donors = names;
  table.first_condition = static_cast<Index>(names.size());
  for (const std::string& condition : levels(units, &Unit::condition)) {
    if (condition == options.reference) continue;
    table.conditions.push_back(condition);
    names.push_back("condition " + condition);
  }
  const auto first_covariate = static_cast<Index>(names.size());
  const Covariates& covariates = options.covariates;
  names.insert(names.end(), covariates.names.begin(), covariates.names.end());

  const auto n = static_cast<Index>(units.size());
  table.design.matrix = Eigen::MatrixXd::Zero(n, static_cast<Index>(names.size()));
  const auto place = [](const std::vector<std::string>& sorted, const std::string& name) {
    return std::lower_bound(sorted.begin(), sorted.end(), name) - sorted.begin();
  };
  for (Index u = 0; u < n; ++u) {
    const Unit& unit = units[static_cast<std::size_t>(u)];
    table.design.matrix(u, paired ? place(donors, unit.donor) : 0) = 1;
    if (unit.condition != options.reference) {
      table.design.matrix(u, table.first_condition + place(table.conditions, unit.condition)) = 1;
    }
    double n_cells = 0;
    for (const std::size_t i : unit.profiles) {
      n_cells += static_cast<double>(profiles.profiles[i].n_cells);
      for (std::size_t c = 0; c < covariates.columns.size(); ++c) {
        table.design.matrix(u, first_covariate + static_cast<Index>(c)) +=
            covariates.columns[c][i] / static_cast<double>(unit.profiles.size());
      }
    }
    table.n_cells.push_back(n_cells);
    table.weights.push_back(differences::weight_of(n_cells, weight_cells));
  }
  return table;
}

/// MiRNAs x units; means by the weights of the profiles.
Eigen::MatrixXd unit_means(const Matrix& values, const std::vector<Unit>& units,
                           const Profiles& profiles, double weight_cells) {
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(values.rows(), static_cast<Index>(units.size()));
  for (std::size_t u = 0; u < units.size(); ++u) {
    double sum = 0;
    for (const std::size_t i : units[u].profiles) {
      const double weight =
          differences::weight_of(static_cast<double>(profiles.profiles[i].n_cells), weight_cells);
      result.col(static_cast<Index>(u)) +=
          weight * values.col(static_cast<Index>(i)).cast<double>();
      sum += weight;
    }
    result.col(static_cast<Index>(u)) /= sum;
  }
  return result;
}

/// Mean over the units of a condition that are known.
double mean_of(const Eigen::MatrixXd& values, Index mirna, const std::vector<Unit>& units,
               const std::string& condition) {
  double sum = 0;
  double n = 0;
  for (std::size_t u = 0; u < units.size(); ++u) {
    const double value = values(mirna, static_cast<Index>(u));
    if (units[u].condition != condition || !std::isfinite(value)) continue;
    sum += value;
    ++n;
  }
  return n > 0 ? sum / n : nan;
}

/// Unpaired: share of the condition's units on that side of the reference's mean. Paired: share of
/// donors whose own difference goes that way.
double agreement(const Eigen::MatrixXd& y, Index mirna, const std::vector<Unit>& units,
                 const std::string& condition, const std::string& reference, bool paired,
                 double estimate) {
  double n = 0;
  double agree = 0;
  const double mean = mean_of(y, mirna, units, reference);
  for (std::size_t u = 0; u < units.size(); ++u) {
    if (units[u].condition != condition) continue;
    double other = paired ? nan : mean;
    for (std::size_t v = 0; paired && v < units.size(); ++v) {
      if (units[v].donor == units[u].donor && units[v].condition == reference) {
        other = y(mirna, static_cast<Index>(v));
      }
    }
    const double own = y(mirna, static_cast<Index>(u)) - other;
    if (!std::isfinite(own)) continue;
    ++n;
    if (own * estimate > 0) ++agree;
  }
  return n > 0 && std::isfinite(estimate) ? agree / n : nan;
}

void count_sides(GroupComparison& comparison, const std::vector<Unit>& units,
                 const std::string& reference, bool paired) {
  std::map<std::string, int> sides;
  for (const Unit& unit : units) {
    if (unit.condition == comparison.condition) {
      ++comparison.n_condition;
      ++sides[unit.donor];
    } else if (unit.condition == reference) {
      ++comparison.n_reference;
      ++sides[unit.donor];
    }
  }
  if (paired) {
    comparison.n_pairs = std::count_if(sides.begin(), sides.end(),
                                       [](const auto& side) { return side.second == 2; });
  }
  const auto refuse = [&](Index n, const std::string& what) {
    if (n >= fewest_samples || !comparison.why_no_p.empty()) return;
    comparison.why_no_p = fmt::format("{} {}, fewer than {}", n, what, fewest_samples);
  };
  if (paired) {
    refuse(comparison.n_pairs,
           fmt::format("{} with both conditions", comparison.n_pairs == 1 ? "donor" : "donors"));
  } else {
    refuse(comparison.n_condition, fmt::format("replicates of {}", comparison.condition));
    refuse(comparison.n_reference, fmt::format("replicates of {}", reference));
  }
}

void sort_differences(std::vector<ConditionDifference>& differences) {
  const auto key = [](const ConditionDifference& one) {
    const double infinity = std::numeric_limits<double>::infinity();
    return std::tuple(std::isnan(one.p) ? infinity : one.p,
                      std::isnan(one.z) ? infinity : -std::fabs(one.z));
  };
  std::stable_sort(differences.begin(), differences.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
}

void compare_group(const std::string& group, const std::vector<Unit>& units,
                   const Profiles& profiles, const CompareOptions& options, Comparison& result) {
  const double k = result.weights.k;
  const UnitTable table = make_table(units, profiles, result.paired, options, k);
  const auto n_conditions = static_cast<Index>(table.conditions.size());
  Eigen::MatrixXd contrasts = Eigen::MatrixXd::Zero(table.design.matrix.cols(), n_conditions);
  for (Index c = 0; c < n_conditions; ++c) contrasts(table.first_condition + c, c) = 1;
  const Eigen::MatrixXd y = unit_means(profiles.z, units, profiles, k);
  const statistics::ContrastFit fit =
      statistics::fit_contrasts(y, table.design.matrix, table.weights, contrasts);
  statistics::ModeratedTests tests;
  PriorFigures prior;
  std::string why_no_test;
  const bool has_test =
      n_conditions > 0 && differences::test(fit, options, tests, prior, why_no_test);
  Eigen::MatrixXd expression;
  if (profiles.has_log2rpm()) {
    expression = unit_means(profiles.log2rpm, units, profiles, k);
  }
  for (Index c = 0; c < n_conditions; ++c) {
    GroupComparison& comparison = result.groups.emplace_back();
    comparison.group = group;
    comparison.condition = table.conditions[static_cast<std::size_t>(c)];
    count_sides(comparison, units, options.reference, result.paired);
    if (comparison.why_no_p.empty()) comparison.why_no_p = why_no_test;
    const bool has_p = has_test && comparison.why_no_p.empty();
    if (has_p) comparison.prior = prior;
    bool any_estimate = false;
    for (const Index mirna : differences::chosen(options.mirnas, profiles)) {
      ConditionDifference& one = comparison.differences.emplace_back();
      one.mirna = mirna;
      if (expression.size() > 0) {
        one.expression = mean_of(expression, mirna, units, comparison.condition);
        one.expression_reference = mean_of(expression, mirna, units, options.reference);
      }
      one.z = fit.estimate(mirna, c);
      any_estimate = any_estimate || std::isfinite(one.z);
      one.log2rpm = one.z * profiles.mirnas[static_cast<std::size_t>(mirna)].sd;
      one.agreement =
          agreement(y, mirna, units, comparison.condition, options.reference, result.paired, one.z);
      if (!has_p) continue;
      one.t = tests.t(mirna, c);
      one.p = tests.p(mirna, c);
    }
    if (has_p && !any_estimate) {
      comparison.why_no_p = "the condition cannot be told apart from the covariates in this group";
    }
  }
}

/// By the residuals within each group; samples of one donor and condition are one.
CellWeights weigh_units(const std::vector<std::size_t>& used, const std::set<std::string>& groups,
                        const Profiles& profiles, const CompareOptions& options, bool paired) {
  std::vector<WeighedFit> fits;
  for (const std::string& group : groups) {
    const std::vector<Unit> units = units_of(profiles, used, &group);
    UnitTable table = make_table(units, profiles, paired, options, 0);
    fits.push_back({unit_means(profiles.z, units, profiles, 0), std::move(table.design.matrix),
                    std::move(table.n_cells)});
  }
  return weigh(options.weight_cells, profiles, fits);
}

void check_conditions(const std::set<std::string>& conditions, const CompareOptions& options) {
  if (conditions.size() < 2) {
    throw Error(ExitCode::bad_input,
                conditions.empty()
                    ? std::string("the profiles have no condition; expected two or more.")
                    : fmt::format("all profiles have the condition '{}'; expected two or more.",
                                  *conditions.begin()),
                {Remedy::name_condition});
  }
  if (!conditions.contains(options.reference)) {
    const std::vector<std::string> known(conditions.begin(), conditions.end());
    throw Error(ExitCode::usage, fmt::format("no profile has the condition '{}'; there are '{}'.{}",
                                             options.reference, joined(known, "', '"),
                                             did_you_mean(options.reference, known)));
  }
}

/// Whether donors are blocks. Takes donors of one condition out, if that was asked for.
bool settle_pairing(const std::vector<Unit>& units, const CompareOptions& options,
                    const Profiles& profiles, std::vector<std::size_t>& used, Comparison& result) {
  const std::map<std::string, Index> n_conditions = conditions_of(units);
  std::vector<std::string> single;
  for (const auto& [donor, n] : n_conditions) {
    if (n == 1) single.push_back(donor);
  }
  const std::size_t n_blocks = n_conditions.size() - single.size();
  if (n_blocks == 0 || single.empty()) return n_blocks > 0;
  if (!options.drop_unpaired) {
    std::vector<std::string> named(
        single.begin(),
        single.begin() + static_cast<std::ptrdiff_t>(std::min(single.size(), most_named)));
    throw Error(
        ExitCode::bad_input,
        fmt::format("donors are paired only in part: {} gave samples of several conditions, {} of "
                    "one ({}{}).",
                    n_blocks, single.size(), joined(named, ", "),
                    single.size() > most_named ? ", ..." : ""),
        {Remedy::drop_unpaired});
  }
  result.n_unpaired = static_cast<Index>(single.size());
  std::erase_if(used, [&](std::size_t i) {
    return std::binary_search(single.begin(), single.end(), donor_of(profiles.profiles[i]));
  });
  return true;
}

}  // namespace

Comparison compare_conditions(const Profiles& profiles, const CompareOptions& options) {
  Comparison result;
  std::vector<std::size_t> used;
  std::set<std::string> conditions;
  for (std::size_t i = 0; i < profiles.profiles.size(); ++i) {
    const Profile& profile = profiles.profiles[i];
    if (profile.condition.empty()) {
      ++result.n_without_condition;
    } else if (profile.below_floor) {
      ++result.n_below_floor;
    } else {
      used.push_back(i);
      conditions.insert(profile.condition);
    }
  }
  check_conditions(conditions, options);
  result.paired =
      settle_pairing(units_of(profiles, used, nullptr), options, profiles, used, result);
  const std::vector<Unit> units = units_of(profiles, used, nullptr);
  const UnitTable whole = make_table(units, profiles, result.paired, options, 0);
  differences::check_full_rank(
      whole.design, {},
      result.paired ? "donors, conditions and each other" : "conditions and each other");
  result.n_replicates = static_cast<Index>(conditions_of(units).size());
  result.n_profiles = static_cast<Index>(used.size());
  std::set<std::string> groups;
  for (const std::size_t i : used) groups.insert(profiles.profiles[i].group);
  result.weights = weigh_units(used, groups, profiles, options, result.paired);
  for (const std::string& group : groups) {
    compare_group(group, units_of(profiles, used, &group), profiles, options, result);
  }
  std::vector<Difference*> all;
  for (GroupComparison& comparison : result.groups) {
    for (ConditionDifference& one : comparison.differences) all.push_back(&one);
  }
  result.n_tests = differences::adjust(all);
  for (GroupComparison& comparison : result.groups) sort_differences(comparison.differences);
  return result;
}

}  // namespace sicmir
