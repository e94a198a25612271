// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/markers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "analysis/sample_layout.hpp"
#include "base/nan.hpp"
#include "statistics/specificity.hpp"

namespace sicmir {
namespace {

/// The profiles that count, by sample and group.
struct MarkerLayout : SampleLayout {
  std::vector<Index> part;  // per group: the first group that it is linked to
};

MarkerLayout lay_out(const Profiles& profiles) {
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < profiles.profiles.size(); ++i) {
    if (!profiles.profiles[i].below_floor) used.push_back(i);
  }
  MarkerLayout layout{lay_out_samples(profiles, std::move(used)), {}};
  const std::size_t n_groups = layout.groups.size();
  // Groups of one sample are linked, and whatever those are linked to.
  layout.part.resize(n_groups);
  for (std::size_t g = 0; g < n_groups; ++g) layout.part[g] = static_cast<Index>(g);
  for (bool changes = true; changes;) {
    changes = false;
    for (const std::vector<Index>& row : layout.at) {
      auto first = static_cast<Index>(n_groups);
      for (std::size_t g = 0; g < row.size(); ++g) {
        if (row[g] >= 0) first = std::min(first, layout.part[g]);
      }
      for (std::size_t g = 0; g < row.size(); ++g) {
        if (row[g] >= 0 && layout.part[g] != first) {
          layout.part[g] = first;
          changes = true;
        }
      }
    }
  }
  return layout;
}

/// Samples, then groups but the first of each part, then covariates.
struct MarkerDesign {
  statistics::Design design;
  std::vector<Index> column_of;  // per group; -1: the first of its part, whose coefficient is 0
};

MarkerDesign make_design(const MarkerLayout& layout, const Covariates& covariates) {
  MarkerDesign result;
  std::vector<std::string>& names = result.design.coefficients;
  for (const std::string& sample : layout.samples) names.push_back("sample " + sample);
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    const bool is_first = layout.part[g] == static_cast<Index>(g);
    result.column_of.push_back(is_first ? -1 : static_cast<Index>(names.size()));
    if (!is_first) names.push_back("group " + layout.groups[g]);
  }
  const auto first_covariate = static_cast<Index>(names.size());
  names.insert(names.end(), covariates.names.begin(), covariates.names.end());
  const auto n = static_cast<Index>(layout.used.size());
  result.design.matrix = Eigen::MatrixXd::Zero(n, static_cast<Index>(names.size()));
  for (Index i = 0; i < n; ++i) {
    const auto place = static_cast<std::size_t>(i);
    result.design.matrix(i, layout.sample_of[place]) = 1;
    const Index column = result.column_of[static_cast<std::size_t>(layout.group_of[place])];
    if (column >= 0) result.design.matrix(i, column) = 1;
    for (std::size_t c = 0; c < covariates.columns.size(); ++c) {
      result.design.matrix(i, first_covariate + static_cast<Index>(c)) =
          covariates.columns[c][layout.used[place]];
    }
  }
  return result;
}

/// Columns 0 .. n - 1: each group against the mean of the others of its part; n .. 2 n - 1: each
/// group against the first of its part.
Eigen::MatrixXd make_contrasts(const MarkerLayout& layout, const MarkerDesign& design) {
  const auto n = static_cast<Index>(layout.groups.size());
  Eigen::MatrixXd contrasts =
      Eigen::MatrixXd::Zero(static_cast<Index>(design.design.coefficients.size()), 2 * n);
  const auto add = [&](Index group, Index contrast, double share) {
    const Index column = design.column_of[static_cast<std::size_t>(group)];
    if (column >= 0) contrasts(column, contrast) += share;
  };
  for (Index g = 0; g < n; ++g) {
    std::vector<Index> others;
    for (Index h = 0; h < n; ++h) {
      const bool linked =
          layout.part[static_cast<std::size_t>(h)] == layout.part[static_cast<std::size_t>(g)];
      if (h != g && linked) others.push_back(h);
    }
    if (others.empty()) continue;
    add(g, g, 1);
    for (const Index h : others) add(h, g, -1 / static_cast<double>(others.size()));
    add(g, n + g, 1);
  }
  return contrasts;
}

/// MiRNAs x used profiles.
Eigen::MatrixXd values_of(const Matrix& of_all, const std::vector<std::size_t>& used) {
  Eigen::MatrixXd result(of_all.rows(), static_cast<Index>(used.size()));
  for (std::size_t i = 0; i < used.size(); ++i) {
    result.col(static_cast<Index>(i)) = of_all.col(static_cast<Index>(used[i])).cast<double>();
  }
  return result;
}

/// Mean over the samples that have it, per miRNA x group; NaN where nothing is known.
Eigen::MatrixXd group_means(const Eigen::MatrixXd& values, const MarkerLayout& layout) {
  const auto n_groups = static_cast<Index>(layout.groups.size());
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(values.rows(), n_groups);
  Eigen::MatrixXd numbers = sums;
  for (Index i = 0; i < values.cols(); ++i) {
    const Index group = layout.group_of[static_cast<std::size_t>(i)];
    for (Index mirna = 0; mirna < values.rows(); ++mirna) {
      if (!std::isfinite(values(mirna, i))) continue;
      sums(mirna, group) += values(mirna, i);
      numbers(mirna, group) += 1;
    }
  }
  for (Index g = 0; g < n_groups; ++g) {
    for (Index mirna = 0; mirna < values.rows(); ++mirna) {
      sums(mirna, g) = numbers(mirna, g) > 0 ? sums(mirna, g) / numbers(mirna, g) : nan;
    }
  }
  return sums;
}

/// Share of samples whose own difference, group minus the mean of the others that it has, goes the
/// way of `estimate`.
double agreement(const Eigen::MatrixXd& y, Index mirna, std::size_t group, double estimate,
                 const MarkerLayout& layout) {
  double n = 0;
  double agree = 0;
  for (const std::vector<Index>& row : layout.at) {
    if (row[group] < 0) continue;
    double sum = 0;
    double others = 0;
    for (std::size_t h = 0; h < row.size(); ++h) {
      if (h == group || row[h] < 0) continue;
      sum += y(mirna, row[h]);
      ++others;
    }
    const double own = y(mirna, row[group]) - sum / others;
    if (!std::isfinite(own)) continue;  // also without others
    ++n;
    if (own * estimate > 0) ++agree;
  }
  return n > 0 && std::isfinite(estimate) ? agree / n : nan;
}

/// Samples that have both groups.
Eigen::MatrixXi together(const MarkerLayout& layout) {
  const auto n = static_cast<Index>(layout.groups.size());
  Eigen::MatrixXi result = Eigen::MatrixXi::Zero(n, n);
  for (const std::vector<Index>& row : layout.at) {
    for (std::size_t g = 0; g < row.size(); ++g) {
      for (std::size_t h = 0; h < row.size(); ++h) {
        if (row[g] >= 0 && row[h] >= 0) ++result(static_cast<Index>(g), static_cast<Index>(h));
      }
    }
  }
  return result;
}

MarkerGroup describe_group(const MarkerLayout& layout, std::size_t g, const Profiles& profiles,
                           LabelsFrom labels_from) {
  MarkerGroup group;
  group.name = layout.groups[g];
  for (std::size_t h = 0; h < layout.groups.size(); ++h) {
    if (h == g) continue;
    (layout.part[h] == layout.part[g] ? group.comparators : group.comparators_missing)
        .push_back(layout.groups[h]);
  }
  for (const std::vector<Index>& row : layout.at) {
    const auto n = std::count_if(row.begin(), row.end(), [](Index i) { return i >= 0; });
    if (row[g] < 0) continue;
    group.n_cells += profiles.profiles[layout.used[static_cast<std::size_t>(row[g])]].n_cells;
    if (n > 1) ++group.n_samples;
  }
  if (group.comparators.empty()) {
    group.why_no_p = "stands in no sample beside another group";
  } else if (labels_from == LabelsFrom::clusters) {
    group.why_no_p = "groups found by clustering the same mRNA are no hypothesis";
  } else if (group.n_samples < fewest_samples) {
    group.why_no_p = fmt::format("beside others in {} {}, fewer than {}", group.n_samples,
                                 group.n_samples == 1 ? "sample" : "samples", fewest_samples);
  }
  return group;
}

void find_rival(Marker& marker, Index g, const Eigen::MatrixXd& coefficients,
                const Eigen::MatrixXi& n_together) {
  for (Index h = 0; h < n_together.cols(); ++h) {
    if (h == g || n_together(g, h) < fewest_samples) continue;
    const double z = coefficients(marker.mirna, g) - coefficients(marker.mirna, h);
    if (std::isnan(z) || (marker.rival >= 0 && z >= marker.rival_z)) continue;
    marker.rival = h;
    marker.rival_z = z;
  }
}

/// In log2 RPM, of which equal steps are equally well predicted: of the first ten of held-out cell
/// types, more are truly high than by z-scores (docs/cells.md).
void sort_markers(std::vector<Marker>& markers, const Profiles& profiles) {
  const auto score = [&](const Marker& marker) {
    const double sd = profiles.mirnas[static_cast<std::size_t>(marker.mirna)].sd;
    const double value = (std::isnan(marker.rival_z) ? marker.z : marker.rival_z) *
                         (profiles.has_log2rpm() ? sd : 1.0);
    return std::isnan(value) ? -std::numeric_limits<double>::infinity() : value;
  };
  std::stable_sort(markers.begin(), markers.end(),
                   [&](const Marker& a, const Marker& b) { return score(a) > score(b); });
}

void warn_of_donors(const MarkerLayout& layout, const Profiles& profiles,
                    std::vector<std::string>& warnings) {
  std::map<std::string, std::set<std::string>> samples_of;
  for (const std::size_t i : layout.used) {
    const Profile& profile = profiles.profiles[i];
    if (!profile.donor.empty()) samples_of[profile.donor].insert(profile.sample);
  }
  const auto n = std::count_if(samples_of.begin(), samples_of.end(),
                               [](const auto& donor) { return donor.second.size() > 1; });
  if (n > 0) {
    warnings.push_back(fmt::format(
        "{} of {} donors gave several samples; each counts as a replicate, so that p-values are "
        "too small if a donor's samples resemble each other",
        n, samples_of.size()));
  }
}

}  // namespace

MarkerSet find_markers(const Profiles& profiles, const MarkerOptions& options) {
  MarkerLayout layout = lay_out(profiles);
  const auto n_groups = static_cast<Index>(layout.groups.size());
  MarkerSet result;
  result.n_samples = static_cast<Index>(layout.samples.size());
  result.n_profiles = static_cast<Index>(layout.used.size());
  result.n_below_floor = profiles.size() - result.n_profiles;
  const Eigen::MatrixXi n_together = together(layout);
  if ((n_together.array() > 0).count() <= n_groups) {
    throw Error(ExitCode::bad_input,
                fmt::format("no sample holds two groups, so that there is nothing to compare: {} "
                            "profiles of {} groups in {} samples are at or above the floor ({} "
                            "are below). Lower the floor, or name the groups, in `sicmir profile`.",
                            result.n_profiles, n_groups, result.n_samples, result.n_below_floor));
  }
  result.weights = weigh(options.weight_cells, profiles, layout);
  set_weights(layout, profiles, result.weights.k);
  const MarkerDesign design = make_design(layout, options.covariates);
  differences::check_full_rank(design.design, layout.weights, "samples, groups and each other");
  const Eigen::MatrixXd y = values_of(profiles.z, layout.used);
  const statistics::ContrastFit fit = statistics::fit_contrasts(
      y, design.design.matrix, layout.weights, make_contrasts(layout, design));
  const Eigen::MatrixXd coefficients = fit.estimate.rightCols(n_groups);

  statistics::ModeratedTests tests;
  std::string why_no_test;
  const bool has_p = options.labels_from != LabelsFrom::clusters &&
                     differences::test(fit, options, tests, result.prior, why_no_test);
  Eigen::MatrixXd expression = Eigen::MatrixXd::Constant(y.rows(), n_groups, nan);
  if (profiles.has_log2rpm()) {
    expression = group_means(values_of(profiles.log2rpm, layout.used), layout);
  }
  const std::vector<Index> mirnas = differences::chosen(options.mirnas, profiles);
  for (Index g = 0; g < n_groups; ++g) {
    MarkerGroup& group = result.groups.emplace_back(
        describe_group(layout, static_cast<std::size_t>(g), profiles, options.labels_from));
    if (group.why_no_p.empty()) group.why_no_p = why_no_test;
    for (const Index mirna : mirnas) {
      Marker& marker = group.markers.emplace_back();
      marker.mirna = mirna;
      marker.expression = expression(mirna, g);
      std::vector<double> rpm;
      for (Index h = 0; h < n_groups; ++h) {
        rpm.push_back(std::isnan(expression(mirna, h))
                          ? nan
                          : std::max(std::exp2(expression(mirna, h)) - 1, 0.0));
      }
      marker.tau = statistics::tau(rpm);
      if (group.comparators.empty()) continue;
      marker.z = fit.estimate(mirna, g);
      marker.log2rpm = marker.z * profiles.mirnas[static_cast<std::size_t>(mirna)].sd;
      marker.agreement = agreement(y, mirna, static_cast<std::size_t>(g), marker.z, layout);
      find_rival(marker, g, coefficients, n_together);
      if (has_p && group.why_no_p.empty()) {
        marker.t = tests.t(mirna, g);
        marker.p = tests.p(mirna, g);
      }
    }
  }
  std::vector<Difference*> all;
  for (MarkerGroup& group : result.groups) {
    for (Marker& marker : group.markers) all.push_back(&marker);
  }
  result.n_tests = differences::adjust(all);
  for (MarkerGroup& group : result.groups) sort_markers(group.markers, profiles);
  warn_of_donors(layout, profiles, result.warnings);
  return result;
}

}  // namespace sicmir
