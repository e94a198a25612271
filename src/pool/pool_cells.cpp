// SPDX-License-Identifier: BSD-3-Clause
#include "pool/pool_cells.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "cells/spool.hpp"
#include "parallel/ordered_pipeline.hpp"
#include "parallel/threads.hpp"

namespace sicmir {
namespace {

void check_method(PoolMethod method, Values values, const std::string& file) {
  if (method != PoolMethod::sum || values == Values::counts) return;
  throw Error(ExitCode::usage,
              fmt::format("{}: only counts can be summed, but the values were taken to be {}.",
                          file, to_string(values)),
              {Remedy::choose_layer, Remedy::pool_mean});
}

/// One pass over cells, adding them up.
class Pass {
 public:
  /// `sums`: of the cells as they are; otherwise of normalised ones.
  Pass(const PreparedInput& input, const CellGroups& groups, bool sums)
      : input_(input), groups_(groups), sums_(sums) {}

  /// `spool`, if not null, receives the normalised cells.
  void run(CellStream& cells, PoolSums& sums, PoolReport& report, EmptyTally& empties,
           Spool* spool) {
    struct Ready {
      CellBlock block;
      std::string record;
    };
    ordered_pipeline<CellStream::Item, Ready>(
        thread_count(input_.options().threads),
        [&](CellStream::Item& item) { return cells.fetch(item); },
        [&](CellStream::Item& item, Ready& out) {
          cells.decode(item);
          if (sums_) {
            input_.normaliser().check(item.block);
          } else {
            input_.normaliser().apply(item.block);
          }
          if (spool != nullptr) out.record = Spool::pack(item.block);
          std::swap(out.block, item.block);
        },
        [&](Ready& out) {
          if (input_.empties_matter()) empties.add(out.block);
          if (first_names_.empty()) first_names_ = some_names(out.block);
          add(out.block, sums, report);
          if (spool != nullptr) spool->append(std::move(out.record));
          if (input_.options().on_progress) {
            input_.options().on_progress({"pooling", report.n_cells, cells.n_cells()});
          }
        });
  }

  /// The same for cells that a first run() kept.
  void run(Spool& spool, PoolSums& sums, PoolReport& report) {
    CellBlock block;
    while (spool.next(block)) add(block, sums, report);
  }

  [[nodiscard]] const std::vector<std::string>& first_names() const { return first_names_; }
  /// Cells that the table of groups names: without its header, unless a cell was called so.
  [[nodiscard]] Index n_named() const {
    return groups_.n_named() - (groups_.header() && !saw_header_ ? 1 : 0);
  }

 private:
  void add(const CellBlock& block, PoolSums& sums, PoolReport& report) {
    for (Index cell = 0; cell < block.size(); ++cell) {
      const auto at = static_cast<std::size_t>(cell);
      ++report.n_cells;
      saw_header_ = saw_header_ || block.cells[at] == groups_.header();
      const std::int32_t group = groups_.of(block.first + cell, block.cells[at]);
      if (group == CellGroups::no_group) {
        ++report.n_without_group;
      } else if (input_.empties_matter() && block.totals[at] == 0.0) {
        ++report.n_empty;
      } else {
        ++report.n_pooled;
        sums.add(group, block, cell);
      }
    }
  }

  static std::vector<std::string> some_names(const CellBlock& block) {
    constexpr std::size_t most = 3;
    return {block.cells.begin(),
            block.cells.begin() + static_cast<std::ptrdiff_t>(std::min(most, block.cells.size()))};
  }

  const PreparedInput& input_;
  const CellGroups& groups_;
  bool sums_;
  std::vector<std::string> first_names_;
  bool saw_header_ = false;
};

[[noreturn]] void refuse_unmatched(const CellGroups& groups, const PoolReport& report,
                                   const std::string& file, const Pass& pass) {
  if (report.n_empty > 0) {
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}: all {} cells that belong to a group are empty.", file, report.n_empty));
  }
  if (pass.n_named() == 0) {
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}: gives no cell a group; all entries are empty or NA.", groups.source()));
  }
  throw Error(
      ExitCode::bad_input,
      fmt::format("{}: none of its {} cells is among the {} of {}. It names {}..., the input {}... "
                  "The names must match exactly (check the -1 of 10x barcodes and prefixes of "
                  "samples).",
                  groups.source(), pass.n_named(), report.n_cells, file,
                  joined(groups.first_names(), ", "), joined(pass.first_names(), ", ")));
}

void tell(const PoolReport& report, const CellGroups& groups, const Pass& pass, PoolMethod method) {
  log_info("pools: {} by {} of {} in {}", report.n_pools, to_string(method),
           counted(report.n_pooled, "cell"), counted(report.n_groups, "group"));
  if (report.n_without_group > 0) {
    const bool one = report.n_without_group == 1;
    log_warning("{} of {} {} no group in {} and {} left out", report.n_without_group,
                counted(report.n_cells, "cell"), one ? "has" : "have", groups.source(),
                one ? "is" : "are");
  }
  if (report.n_empty > 0) {
    log_info("{} {} left out", counted(report.n_empty, "empty cell"),
             by_number(report.n_empty, "is", "are"));
  }
  if (report.n_not_found > 0) {
    log_info("{} of the {} cells of {} {} not in the input", report.n_not_found, pass.n_named(),
             groups.source(), report.n_not_found == 1 ? "is" : "are");
  }
}

std::vector<Index> listed_sizes(const CellGroups& groups) {
  std::vector<Index> sizes;
  for (const CellGroup& group : groups.groups()) sizes.push_back(group.n_listed);
  return sizes;
}

/// "var/gene_ids" becomes gene_ids.
std::string annotation_name(const std::string& column) {
  std::string name = column.substr(column.rfind('/') + 1);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

}  // namespace

void check_pooling(const ReadingOptions& options, const PoolOptions& pool) {
  if (pool.method == PoolMethod::none) {
    throw Error(ExitCode::usage, "no pooling method was chosen: sum, mean or bootstrap.");
  }
  if (options.shard) {
    throw Error(ExitCode::usage,
                "a shard cannot be pooled: a pool needs all cells of its group, and a shard has "
                "only some. Pool the whole input (it is streamed), or divide it by groups.");
  }
  if (options.empty_cells == EmptyCells::as_nan) {
    throw Error(ExitCode::usage,
                "an empty cell is either part of a pool or skipped; it cannot become NaN.");
  }
  if (pool.method != PoolMethod::sum && options.scale == Scale::reference) {
    throw Error(ExitCode::usage,
                fmt::format("pools by {} cannot be compared with the training samples: means of "
                            "normalised cells are not in their unit, but sums of counts are.",
                            to_string(pool.method)),
                {Remedy::use_dataset_scale, Remedy::pool_sum});
  }
}

bool concerns_cells_alone(const DecisionWarning& warning) {
  return warning.kind == WarningKind::not_scaled || warning.kind == WarningKind::shallow_cells;
}

void log_values_of_cells(const Decision& decision) {
  log_info("values: {} ({}; {} sampled)", to_string(decision.values), decision.values_reason,
           counted(decision.sampled_cells, "cell"));
  for (const DecisionWarning& warning : decision.warnings) {
    if (!concerns_cells_alone(warning)) log_warning("{}", warning.text);
  }
}

ReadingOptions reading_of_cells(const ReadingOptions& options) {
  ReadingOptions of_cells = options;
  of_cells.scale = Scale::none;
  return of_cells;
}

PooledCells pool_cells(PreparedInput& input, const UnitRecipe& recipe, const PoolOptions& pool) {
  const bool sums = pool.method == PoolMethod::sum;
  const CellGroups groups = CellGroups::open(pool, input.source().description());
  const Decision& decision = input.decide(recipe);
  log_values_of_cells(decision);
  check_method(pool.method, decision.values, input.file());

  PooledCells result{PoolSums(pool, groups.groups(), listed_sizes(groups), input.genes().size()),
                     decision.values,
                     {},
                     groups.groups(),
                     groups.columns()};
  log_debug("memory: at most {} MB for the pools, {} MB for the groups",
            result.sums.most_bytes() / 1'000'000 + 1, groups.memory_bytes() / 1'000'000 + 1);
  // A draw needs to know how many cells its group has. They are counted beforehand if obs says so;
  // a table may list cells that do not come, and then a second pass is needed.
  const bool draws = pool.method == PoolMethod::bootstrap;
  Spool spool(input.options().spool_memory);
  const bool keeps = draws && !input.source().can_seek();
  Pass pass(input, groups, sums);
  EmptyTally empties;
  {
    CellStream cells = input.stream();
    pass.run(cells, result.sums, result.report, empties, keeps ? &spool : nullptr);
  }
  PoolReport& report = result.report;
  if (input.options().empty_cells == EmptyCells::error) {
    empties.judge(input.file(), report.n_cells);
  }
  if (report.n_pooled == 0) refuse_unmatched(groups, report, input.file(), pass);
  if (draws && !result.sums.sizes_were_right()) {
    log_info("the groups have other sizes than {} says; drawing again with the real ones",
             groups.source());
    result.sums = PoolSums(pool, groups.groups(), result.sums.sizes(), input.genes().size());
    report = {};
    EmptyTally again;
    if (keeps) {
      pass.run(spool, result.sums, report);
    } else {
      CellStream cells = input.stream_again();
      pass.run(cells, result.sums, report, again, nullptr);
    }
  }
  const std::vector<Index> sizes = result.sums.sizes();
  report.n_groups = static_cast<Index>(
      std::count_if(sizes.begin(), sizes.end(), [](Index size) { return size > 0; }));
  report.n_pools = static_cast<Index>(result.sums.pools().size());
  const Index in_groups = report.n_pooled + report.n_empty;
  report.n_not_found = std::max<Index>(0, pass.n_named() - in_groups);
  tell(report, groups, pass, pool.method);
  return result;
}

OutputHeader header_of_all_genes(const FeatureTable& features, const GeneSelection& genes) {
  OutputHeader header;
  header.feature_kind = "gene";
  std::set<std::string> taken = {"_index"};
  for (std::size_t i = 0; i < features.columns.size(); ++i) {
    const FeatureColumn& column = features.columns[i];
    std::vector<std::string> ids;
    for (std::size_t at = 0; at < column.ids.size(); ++at) {
      if (genes.present()[at] != 0) ids.push_back(column.ids[at]);
    }
    if (i == 0) {
      header.features = std::move(ids);
    } else if (taken.insert(annotation_name(column.name)).second) {
      header.annotations.push_back({annotation_name(column.name), std::move(ids)});
    }
  }
  return header;
}

std::vector<std::string> names_of_pools(const PooledCells& pooled) {
  std::vector<std::string> names;
  for (const PoolSums::Pool& pool : pooled.sums.pools()) {
    const std::string& group = pooled.groups[static_cast<std::size_t>(pool.group)].name;
    names.push_back(pool.draw == 0 ? group : fmt::format("{}_bootstrap_{}", group, pool.draw));
  }
  return names;
}

std::vector<CellColumn> columns_of_pools(const PooledCells& pooled) {
  const std::vector<PoolSums::Pool> pools = pooled.sums.pools();
  std::vector<CellColumn> columns;
  const auto texts = [&](const std::string& name, auto text_of) {
    std::vector<std::string> values;
    values.reserve(pools.size());
    for (const PoolSums::Pool& pool : pools) {
      values.push_back(text_of(pooled.groups[static_cast<std::size_t>(pool.group)]));
    }
    columns.push_back({name, std::move(values)});
  };
  texts("group", [](const CellGroup& group) { return group.name; });
  if (pooled.columns.size() > 1) {
    for (std::size_t i = 0; i < pooled.columns.size(); ++i) {
      const std::string& name = pooled.columns[i];
      const bool is_taken = std::any_of(columns.begin(), columns.end(),
                                        [&](const auto& column) { return column.name == name; });
      if (is_taken || name == "n_cells" || name == "draw" || name.find('/') != std::string::npos) {
        continue;
      }
      texts(name, [i](const CellGroup& group) { return group.fields[i]; });
    }
  }
  std::vector<std::int64_t> n_cells;
  std::vector<std::int64_t> draws;
  n_cells.reserve(pools.size());
  draws.reserve(pools.size());
  for (const PoolSums::Pool& pool : pools) {
    n_cells.push_back(pool.n_cells);
    draws.push_back(pool.draw);
  }
  columns.push_back({"n_cells", std::move(n_cells)});
  columns.push_back({"draw", std::move(draws)});
  return columns;
}

}  // namespace sicmir
