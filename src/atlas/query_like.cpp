// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <map>

#include "atlas/query.hpp"
#include "atlas/query_parts.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

/// Pearson's, over the positions where both are numbers; NaN: fewer than 3, or no spread.
double correlation(const std::vector<double>& a, const std::vector<float>& b) {
  double n = 0, sum_a = 0, sum_b = 0;
  const auto is_known = [&](std::size_t i) { return !std::isnan(a[i]) && !std::isnan(b[i]); };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!is_known(i)) continue;
    n += 1;
    sum_a += a[i];
    sum_b += static_cast<double>(b[i]);
  }
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!is_known(i)) continue;
    const double x = a[i] - sum_a / n;
    const double y = static_cast<double>(b[i]) - sum_b / n;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return n >= 3 && aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : nan;
}

/// Less their mean, with a length of 1, so that products are Pearson's correlations; NaN: fewer
/// than 3, or no spread.
template <class Value>
Eigen::VectorXd standardised(const std::vector<Value>& values) {
  const Eigen::Map<const Eigen::Matrix<Value, Eigen::Dynamic, 1>> all(
      values.data(), static_cast<Eigen::Index>(values.size()));
  Eigen::VectorXd result = all.template cast<double>();
  result.array() -= result.mean();
  const double length = result.norm();
  if (values.size() < 3 || !(length > 0)) return Eigen::VectorXd::Constant(result.size(), nan);
  return result / length;
}

/// A group of the profiles.
struct Pattern {
  std::string name;
  const std::vector<double>* means;  ///< per miRNA
  Eigen::VectorXd standardised;      ///< empty: a mean is not known
};

std::vector<Pattern> patterns_of(const std::map<std::string, std::vector<double>>& means) {
  std::vector<Pattern> patterns;
  for (const auto& [name, list] : means) {
    const bool is_whole =
        std::none_of(list.begin(), list.end(), [](double value) { return std::isnan(value); });
    patterns.push_back({name, &list, is_whole ? standardised(list) : Eigen::VectorXd()});
  }
  return patterns;
}

/// Per group of the profiles: mean z of the catalogue's miRNAs; NaN: the profiles lack it.
std::map<std::string, std::vector<double>> means_of(const Profiles& profiles,
                                                    const Catalogue& catalogue) {
  std::map<std::string, Index> rows;
  for (std::size_t m = 0; m < profiles.mirnas.size(); ++m) {
    rows[profiles.mirnas[m].name] = static_cast<Index>(m);
  }
  std::map<std::string, std::vector<Index>> members;
  for (Index i = 0; i < profiles.size(); ++i) {
    const Profile& profile = profiles.profiles[static_cast<std::size_t>(i)];
    if (!profile.below_floor) members[profile.group].push_back(i);
  }
  std::map<std::string, std::vector<double>> means;
  for (const auto& [group, columns] : members) {
    std::vector<double>& list = means[group];
    for (const ProfileMirna& mirna : catalogue.mirnas()) {
      const auto row = rows.find(mirna.name);
      Mean mean;
      for (const Index column : columns) {
        if (row != rows.end()) mean.add(static_cast<double>(profiles.z(row->second, column)));
      }
      list.push_back(mean.value());
    }
  }
  return means;
}

}  // namespace

Answer nearest_groups(const Catalogue& catalogue, const Profiles& profiles, const std::string& path,
                      const QueryFilter& filter) {
  const std::string model = fact_of(profiles.facts, "model_checksum");
  const std::string scale = fact_of(profiles.facts, "scale");
  std::vector<bool> is_comparable;
  for (const CatalogueSet& set : catalogue.sets()) {
    is_comparable.push_back(set.model == model && set.scale == scale);
  }
  if (std::none_of(is_comparable.begin(), is_comparable.end(), [](bool is) { return is; })) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: was predicted by the model {} on the scale '{}', but no data set "
                            "of the atlas was (the first, {}: model {}, scale '{}'). Make the "
                            "profiles anew with that model and scale.",
                            path, model, scale, catalogue.sets().front().id,
                            catalogue.sets().front().model, catalogue.sets().front().scale));
  }
  const Filter settled(catalogue, filter);
  const auto means = means_of(profiles, catalogue);
  struct Line {
    std::string group;
    std::size_t of;
    double correlation;
  };
  const std::vector<Pattern> patterns = patterns_of(means);
  std::vector<Line> lines;
  for (std::size_t g = 0; g < catalogue.groups().size(); ++g) {
    const CatalogueGroup& group = catalogue.groups()[g];
    if (!is_comparable[static_cast<std::size_t>(group.set)] || !settled.passes(group)) continue;
    const MeanAndSpread values = catalogue.of_group(static_cast<Index>(g));
    const bool is_whole = std::none_of(values.mean.begin(), values.mean.end(),
                                       [](float value) { return std::isnan(value); });
    const Eigen::VectorXd here = is_whole ? standardised(values.mean) : Eigen::VectorXd();
    for (const Pattern& one : patterns) {
      const double r = is_whole && one.standardised.size() > 0
                           ? one.standardised.dot(here)
                           : correlation(*one.means, values.mean);
      if (!std::isnan(r)) lines.push_back({one.name, g, r});
    }
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return a.group != b.group ? a.group < b.group : a.correlation > b.correlation;
  });
  Answer answer;
  answer.columns = {"group",  "rank",    "type",      "type_id",   "correlation", "set",
                    "tissue", "disease", "condition", "n_samples", "n_cells"};
  answer.about = {{"like", path}};
  std::map<std::string, std::int64_t> ranks;
  for (const Line& line : lines) {
    const CatalogueGroup& group = catalogue.groups()[line.of];
    const Term& type = catalogue.terms(TermKind::type)[static_cast<std::size_t>(group.type)];
    answer.lines.push_back({line.group, ++ranks[line.group], type.name, type.ontology,
                            line.correlation,
                            catalogue.sets()[static_cast<std::size_t>(group.set)].id,
                            name_of(catalogue, TermKind::tissue, group.tissue),
                            name_of(catalogue, TermKind::disease, group.disease),
                            name_of(catalogue, TermKind::condition, group.condition),
                            std::int64_t{group.n_samples}, std::int64_t{group.n_cells}});
  }
  say_scale(answer, catalogue);
  return answer;
}

}  // namespace sicmir::atlas
