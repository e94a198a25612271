// SPDX-License-Identifier: BSD-3-Clause
#include "cells/decide.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <iterator>
#include <mutex>
#include <utility>

#include "base/counted.hpp"
#include "base/joined.hpp"
#include "cells/fractional_counts.hpp"
#include "parallel/thread_pool.hpp"
#include "parallel/threads.hpp"
#include "statistics/median.hpp"

namespace sicmir {
namespace {

constexpr Index least_dataset_cells = 3;
constexpr Index whole_transcriptome = 5000;  // features; fewer: totals of a panel, not of a cell
constexpr double shallow_total = 200.0;

/// 0 if there is no value.
double middle(std::vector<double> values) {
  const double found = upper_median(std::move(values));
  return std::isnan(found) ? 0.0 : found;
}

void warn(Decision& decision, WarningKind kind, std::string text, std::vector<Field> fields = {}) {
  decision.warnings.push_back({kind, std::move(text), std::move(fields)});
}

Index cells_known(const Sample& sample, const CellSource& source) {
  if (const std::optional<Index> n = source.n_cells()) return *n;
  return sample.n_cells;  // all of them, or at least a full sample
}

void decide_values(Decision& decision, const SampleFacts& facts, const Sample& sample,
                   const CellSource& source, Values wanted) {
  const std::string& file = source.description().path;
  if (wanted != Values::automatic) {
    decision.values = wanted;
    decision.values_from = ValuesFrom::user;
    decision.values_by = ValuesReason::stated;
    decision.values_reason = "as stated";
    if (wanted == Values::counts && !facts.all_whole) {
      warn(decision, WarningKind::expected_counts,
           "the counts are not whole numbers; they are treated as expected counts (RSEM, "
           "alevin...)");
    }
    return;
  }
  if (facts.has_negative) {
    const bool standard = sample.n_cells >= fewest_dataset_cells && facts.median_gene_mean < 0.25 &&
                          facts.median_gene_sd > 0.7 && facts.median_gene_sd < 1.3;
    if (!standard) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: some values are negative, but genes do not have mean 0 and "
                              "standard deviation 1 (the medians are {:.2f} and {:.2f}), so these "
                              "may be z-scores of another data set, log ratios or centred logs.",
                              file, facts.median_gene_mean, facts.median_gene_sd),
                  {Remedy::specify_values});
    }
    decision.values = Values::zscore;
    decision.values_by = ValuesReason::standardised_genes;
    decision.values_reason =
        fmt::format("negative values, genes have median |mean| {:.2f} and median sd {:.2f}",
                    facts.median_gene_mean, facts.median_gene_sd);
  } else if (facts.all_whole) {
    decision.values = Values::counts;
    decision.values_by = ValuesReason::whole_numbers;
    decision.values_reason = "whole numbers, none negative";
  } else if (are_fractional_counts(decision, facts, sample, file)) {
    // `decision` says so
  } else if (facts.maximum <= Normaliser::largest_log) {
    decision.values = Values::log;
    decision.values_by = ValuesReason::small_fractions;
    decision.values_reason =
        fmt::format("fractions, none negative, none above {:.3g}", facts.maximum);
  } else {
    decision.values = Values::linear;
    decision.values_by = ValuesReason::large_fractions;
    decision.values_reason = fmt::format("fractions, none negative, up to {:.4g}", facts.maximum);
  }
}

void decide_scale(Decision& decision, const Sample& sample, const CellSource& source,
                  const ReadingOptions& options) {
  const std::string& file = source.description().path;
  const Index n_cells = cells_known(sample, source);
  decision.scale = options.scale;
  decision.scale_by = ScaleReason::stated;
  decision.scale_reason = "as stated";
  if (decision.scale == Scale::automatic) {
    if (!options.moments.empty()) {
      decision.scale = Scale::dataset;
      decision.scale_by = ScaleReason::moments;
      decision.scale_reason = "moments were given";
    } else if (decision.values == Values::zscore) {
      decision.scale = Scale::none;
      decision.scale_by = ScaleReason::z_scores;
      decision.scale_reason = "z-scores are standardised already";
    } else if (n_cells >= fewest_dataset_cells) {
      decision.scale = Scale::dataset;
      decision.scale_by = ScaleReason::enough_cells;
      decision.scale_reason = fmt::format("at least {} cells", fewest_dataset_cells);
    } else {
      decision.scale = Scale::reference;
      decision.scale_by = ScaleReason::too_few_cells;
      decision.scale_reason =
          fmt::format("only {}, too few to standardise among themselves (`dataset` wants {})",
                      counted(n_cells, "cell"), fewest_dataset_cells);
    }
  }
  if (decision.scale == Scale::dataset && options.moments.empty()) {
    if (n_cells < least_dataset_cells) {
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: {} cannot be standardised among themselves (one alone would become "
                      "zeros).",
                      file, counted(n_cells, "cell, sample or pool", "cells, samples or pools")),
          {Remedy::use_reference_scale, Remedy::give_moments});
    }
    if (n_cells < fewest_dataset_cells) {
      warn(decision, WarningKind::few_cells,
           fmt::format("only {} cells, samples or pools are standardised among themselves, so "
                       "their predictions are rough. The reference scale compares them with the "
                       "training samples instead",
                       n_cells),
           {{"cells", n_cells}});
    }
  }
  if (decision.scale == Scale::reference && decision.values == Values::zscore) {
    throw Error(ExitCode::usage,
                "z-scores cannot be converted to the model's unit; the reference scale needs "
                "counts, linear or log values.",
                {Remedy::use_no_scale});
  }
  if (decision.scale == Scale::none && decision.values != Values::zscore) {
    warn(decision, WarningKind::not_scaled,
         fmt::format("without a scale the network receives {} values as they are, but it was "
                     "trained on z-scores",
                     to_string(decision.values)),
         {{"values", std::string(to_string(decision.values))}});
  }
  if (decision.scale == Scale::reference && decision.values == Values::log) {
    decision.log_base = options.log_base > 0 ? options.log_base : 2.0;
    decision.scale_reason += fmt::format("; logarithms to base {:.4g}", decision.log_base);
  }
}

/// The cells of all runs, in their order.
std::vector<CellBlock> take_runs(CellSource& source, const std::vector<CellRange>& wanted,
                                 int threads) {
  std::vector<std::vector<CellBlock>> runs(wanted.size());
  std::vector<std::exception_ptr> failures(wanted.size());
  std::atomic<Index> first_failed = static_cast<Index>(wanted.size());
  std::mutex reading;  // the source takes one call at a time
  ThreadPool pool(std::clamp(threads, 1, std::max(1, static_cast<int>(wanted.size()))));
  std::vector<std::unique_ptr<RawCells>> raws(static_cast<std::size_t>(pool.size()));
  pool.run(static_cast<Index>(wanted.size()), [&](Index run, int worker) {
    const auto number = static_cast<std::size_t>(run);
    std::unique_ptr<RawCells>& raw = raws[static_cast<std::size_t>(worker)];
    const CellRange& range = wanted[number];
    try {
      for (Index cell = range.first; cell < range.last; cell += raw->n_cells) {
        {
          const std::lock_guard lock(reading);
          if (first_failed < run) break;  // nobody will see this run
          source.seek(cell);
          if (!source.fetch(raw, range.last - cell)) break;
        }
        source.decode(*raw, runs[number].emplace_back());
      }
    } catch (...) {
      failures[number] = std::current_exception();
      const std::lock_guard lock(reading);
      first_failed = std::min<Index>(first_failed, run);
    }
  });
  std::vector<CellBlock> blocks;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    // Of several damaged places always the same one is named.
    if (failures[run]) std::rethrow_exception(failures[run]);
    std::move(runs[run].begin(), runs[run].end(), std::back_inserter(blocks));
  }
  return blocks;
}

}  // namespace

Sample take_sample(CellSource& source, Index block_cells, int threads) {
  constexpr Index wanted = Sample::n_runs * Sample::run_cells;
  Sample sample;
  const std::optional<Index> n_cells = source.n_cells();
  const auto read = [&](Index count) {
    CellBlock block;
    if (!source.next(block, count)) return false;
    sample.n_cells += block.size();
    sample.blocks.push_back(std::move(block));
    return true;
  };
  if (source.can_seek() && n_cells) {
    sample.is_head = sample.is_all = *n_cells <= wanted;
    std::vector<CellRange> runs;
    if (sample.is_all) {
      for (Index first = 0; first < *n_cells; first += block_cells) {
        runs.push_back({first, std::min(first + block_cells, *n_cells)});
      }
    } else {
      for (Index run = 0; run < Sample::n_runs; ++run) {
        const Index first = run * (*n_cells - Sample::run_cells) / (Sample::n_runs - 1);
        runs.push_back({first, first + Sample::run_cells});
      }
    }
    sample.blocks = take_runs(source, runs, thread_count(threads));
    for (const CellBlock& block : sample.blocks) sample.n_cells += block.size();
    source.seek(sample.is_all ? *n_cells : 0);
    return sample;
  }
  sample.is_head = true;
  while (sample.n_cells < wanted) {
    if (!read(std::min(block_cells, wanted - sample.n_cells))) {
      sample.is_all = true;
      break;
    }
  }
  return sample;
}

SampleFacts sample_facts(const Sample& sample, const GeneSelection& genes) {
  SampleFacts facts;
  const auto n_genes = static_cast<std::size_t>(genes.size());
  std::vector<double> sum(n_genes, 0.0);
  std::vector<double> squares(n_genes, 0.0);
  std::vector<double> totals;
  for (const CellBlock& block : sample.blocks) {
    for (std::size_t i = 0; i < block.values.size(); ++i) {
      const float value = block.values[i];
      if (std::isnan(value)) {
        facts.has_nan = true;
        continue;
      }
      facts.has_negative = facts.has_negative || value < 0.0f;
      facts.all_whole = facts.all_whole && value == std::floor(value);
      facts.maximum = std::max(facts.maximum, value);
      const auto gene = static_cast<std::size_t>(block.genes[i]);
      sum[gene] += static_cast<double>(value);
      squares[gene] += static_cast<double>(value) * static_cast<double>(value);
    }
    for (const double total : block.totals) {
      totals.push_back(total);
      facts.all_whole = facts.all_whole && total == std::floor(total);
    }
  }
  facts.median_total = upper_median(std::move(totals));
  std::vector<double> means;
  std::vector<double> sds;
  const auto n = static_cast<double>(std::max<Index>(1, sample.n_cells));
  for (std::size_t gene = 0; gene < n_genes; ++gene) {
    if (genes.present()[gene] == 0) continue;
    const double mean = sum[gene] / n;
    means.push_back(std::fabs(mean));
    sds.push_back(std::sqrt(std::fmax(0.0, squares[gene] / n - mean * mean)));
  }
  facts.median_gene_mean = middle(std::move(means));
  facts.median_gene_sd = middle(std::move(sds));
  return facts;
}

Decision decide(const Sample& sample, const CellSource& source, const GeneSelection& genes,
                const ReadingOptions& options) {
  const SourceDescription& input = source.description();
  if (sample.n_cells == 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: contains no cells. Check that the file is complete.", input.path));
  }
  const SampleFacts facts = sample_facts(sample, genes);
  Decision decision;
  decision.sampled_cells = sample.n_cells;
  decision.sampled = {facts.all_whole, facts.has_negative, static_cast<double>(facts.maximum),
                      facts.median_total};
  if (options.values == Values::automatic) refuse_negative_counts(facts, sample, source, genes);
  decide_values(decision, facts, sample, source, options.values);
  decide_scale(decision, sample, source, options);
  if (decision.values == Values::counts) {
    if (source.features().size() < whole_transcriptome) {
      warn(decision, WarningKind::few_genes,
           fmt::format("the input has only {} genes; a cell's total over so few does not measure "
                       "its depth, so scaling to 10,000 may mislead. Use the matrix of all genes "
                       "if there is one",
                       source.features().size()),
           {{"genes", source.features().size()}});
    }
    if (facts.median_total < shallow_total) {
      warn(decision, WarningKind::shallow_cells,
           fmt::format("half of the sampled cells have fewer than {:.0f} counts; predictions of "
                       "single cells will be noisy. Filter them, or pool cells",
                       facts.median_total + 1),
           {{"median_total", facts.median_total}});
    }
  }
  if (!genes.duplicated().empty() && genes.duplicates() == Duplicates::automatic &&
      decision.values != Values::counts) {
    const std::span<const std::string> names = genes.duplicated();
    const std::span<const std::string> shown = names.first(std::min<std::size_t>(5, names.size()));
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}: {} of the panel {} more than once in the file ({}{}), and {} values "
                    "cannot simply be added up.",
                    input.path, counted(names.size(), "gene"),
                    by_number(names.size(), "occurs", "occur"), joined(shown, ", "),
                    shown.size() < names.size() ? "..." : "", to_string(decision.values)),
        {Remedy::handle_duplicates});
  }
  return decision;
}

}  // namespace sicmir
