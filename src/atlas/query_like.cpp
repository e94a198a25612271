// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "atlas/query.hpp"
#include "atlas/query_parts.hpp"
#include "parallel/thread_pool.hpp"
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
Eigen::VectorXd standardised(const std::vector<double>& values) {
  Eigen::VectorXd result =
      Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
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

struct Near {
  std::size_t group;
  double correlation;
};

/// `rank` counts from 0.
Lines::Line near_line(const Catalogue& catalogue, const std::string& pattern, const Near& near,
                      std::size_t rank) {
  const CatalogueGroup& group = catalogue.groups()[near.group];
  const Term& type = catalogue.terms(TermKind::type)[static_cast<std::size_t>(group.type)];
  return line_with(pattern, static_cast<std::int64_t>(rank) + 1, type.name, type.ontology,
                   near.correlation, catalogue.sets()[static_cast<std::size_t>(group.set)].id,
                   name_of(catalogue, TermKind::tissue, group.tissue),
                   name_of(catalogue, TermKind::disease, group.disease),
                   name_of(catalogue, TermKind::condition, group.condition),
                   std::int64_t{group.n_samples}, std::int64_t{group.n_cells});
}

/// Per pattern: the groups of `wanted`, nearest first, then in their order.
std::vector<std::vector<Near>> nearest(const Catalogue& catalogue,
                                       const std::vector<Pattern>& patterns,
                                       const std::vector<Index>& wanted, int threads) {
  std::vector<std::vector<double>> found(patterns.size(), std::vector<double>(wanted.size()));
  catalogue.means_of(wanted, threads, [&](std::size_t at, const std::vector<float>& values) {
    const Eigen::VectorXd here =
        Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Eigen::Index>(values.size()))
            .cast<double>();
    // Products with a pattern of mean 0 and length 1, over the group's own length about its mean;
    // where that is hardly known from the sums, or a mean is missing, value by value.
    const double squares = here.squaredNorm();
    const double sum = here.sum();
    const double about_mean = squares - sum * sum / static_cast<double>(here.size());
    constexpr double least = 1e-6;
    const bool is_plain = values.size() >= 3 && about_mean > least * squares;  // false for NaN
    const double length = std::sqrt(about_mean);
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const Pattern& one = patterns[i];
      found[i][at] = is_plain && one.standardised.size() > 0 ? one.standardised.dot(here) / length
                                                             : correlation(*one.means, values);
    }
  });
  std::vector<std::vector<Near>> near(patterns.size());
  ThreadPool pool(wanted.size() > 1000 ? threads : 1);
  pool.run(static_cast<Index>(patterns.size()), [&](Index number, int) {
    const auto i = static_cast<std::size_t>(number);
    near[i].reserve(wanted.size());
    for (std::size_t at = 0; at < wanted.size(); ++at) {
      if (!std::isnan(found[i][at])) {
        near[i].push_back({static_cast<std::size_t>(wanted[at]), found[i][at]});
      }
    }
    std::sort(near[i].begin(), near[i].end(), [](const Near& a, const Near& b) {
      return a.correlation != b.correlation ? a.correlation > b.correlation : a.group < b.group;
    });
  });
  return near;
}

}  // namespace

Answer nearest_groups(const Catalogue& catalogue, const Profiles& profiles, const std::string& path,
                      const QueryFilter& filter, int threads) {
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
  const std::vector<Pattern> patterns = patterns_of(means);
  std::vector<Index> wanted;
  for (std::size_t g = 0; g < catalogue.groups().size(); ++g) {
    const CatalogueGroup& group = catalogue.groups()[g];
    if (is_comparable[static_cast<std::size_t>(group.set)] && settled.passes(group)) {
      wanted.push_back(static_cast<Index>(g));
    }
  }
  std::vector<std::vector<Near>> near = nearest(catalogue, patterns, wanted, std::max(1, threads));
  Answer answer;
  answer.columns = {"group",  "rank",    "type",      "type_id",   "correlation", "set",
                    "tissue", "disease", "condition", "n_samples", "n_cells"};
  answer.about = {{"like", path}};
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const auto own = std::make_shared<const std::vector<Near>>(std::move(near[i]));
    answer.lines.add(own->size(), [own, catalogue, name = patterns[i].name](std::size_t rank) {
      return near_line(catalogue, name, (*own)[rank], rank);
    });
  }
  say_scale(answer, catalogue);
  return answer;
}

}  // namespace sicmir::atlas
