// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/moments.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/output_file.hpp"
#include "hdf5/h5.hpp"
#include "sicmir/shard.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

constexpr std::string_view moments_format = "sicmir-moments";
constexpr int moments_format_version = 1;
constexpr double infinity = std::numeric_limits<double>::infinity();

std::span<const double> as_span(const Eigen::VectorXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

struct Part {
  std::string path;
  MomentsFile file;
  std::vector<double> sums, squares;
};

Index n_blocks(const CellRange& cells) {
  return (cells.size() + GeneMoments::block_cells - 1) / GeneMoments::block_cells;
}

std::optional<MeasuredPart> read_part(const h5::File& file) {
  const auto number = [&](const char* name) {
    const auto found = h5::integer_attribute(file.id(), name);
    return found && found->size() == 1 ? found->front() : -1;
  };
  if (!h5::integer_attribute(file.id(), "n_input_cells")) return std::nullopt;
  const MeasuredPart part{{number("first_cell"), number("last_cell")}, number("n_input_cells")};
  const CellRange& cells = part.cells;
  const bool at_edge = cells.first % GeneMoments::block_cells == 0 || cells.size() == 0;
  if (cells.first < 0 || cells.last < cells.first || part.n_input_cells < cells.last || !at_edge ||
      static_cast<std::uint64_t>(n_blocks(cells)) > file.bytes() / sizeof(double)) {
    file.fail("/", "its attributes first_cell, last_cell and n_input_cells contradict each other.");
  }
  return part;
}

MomentsFile read(const h5::File& file) {
  const hid_t root = file.id();
  if (h5::text_attribute(root, "format").value_or("") != moments_format) {
    file.fail("/",
              "not a moments file: its attribute 'format' is not 'sicmir-moments'. Make one "
              "with `sicmir stats`.");
  }
  const auto format_version = h5::integer_attribute(root, "format_version");
  if (!format_version || format_version->size() != 1 || format_version->front() < 1 ||
      format_version->front() > moments_format_version) {
    file.fail("/", fmt::format("its format_version is not one that sicmir {} reads (1 to {}).",
                               version, moments_format_version));
  }
  MomentsFile result;
  const std::string kind = h5::text_attribute(root, "values").value_or("");
  bool known = false;
  for (const Values values : {Values::counts, Values::linear, Values::log, Values::zscore}) {
    if (to_string(values) == kind) {
      result.values = values;
      known = true;
    }
  }
  if (!known) file.fail("/", fmt::format("its attribute 'values' is '{}'.", kind));
  const auto n_cells = h5::integer_attribute(root, "n_cells");
  if (!n_cells || n_cells->size() != 1 || n_cells->front() < 0) {
    file.fail("/", "its attribute 'n_cells' is not a number of cells.");
  }
  result.part = read_part(file);
  if (n_cells->front() == 0 && !result.part) file.fail("/", "contains no cells.");
  result.genes = h5::read_texts(file, root, "gene");
  const auto numbers = [&](const std::string& name) {
    const std::vector<double> values = h5::read_doubles(file, root, name);
    if (values.size() != result.genes.size()) {
      file.fail("/" + name, fmt::format("has {} entries; {} were expected.", values.size(),
                                        result.genes.size()));
    }
    for (const double value : values) {
      // A part without a cell has no smallest value.
      const bool is_bad = n_cells->front() == 0 ? std::isnan(value) : !std::isfinite(value);
      if (is_bad) file.fail("/" + name, "contains NaN or infinite numbers.");
    }
    return Eigen::VectorXd(
        Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Index>(values.size())));
  };
  result.moments = GeneMoments(n_cells->front(), numbers("sum"), numbers("sum_of_squares"),
                               numbers("minimum"), numbers("maximum"));
  const std::vector<std::int64_t> present = h5::read_integers(file, root, "present");
  if (present.size() != result.genes.size()) file.fail("/present", "has the wrong length.");
  for (const std::int64_t flag : present) {
    result.present.push_back(flag != 0 ? std::uint8_t{1} : std::uint8_t{0});
  }
  return result;
}

}  // namespace

GeneMoments::GeneMoments(Index n_genes, bool keeps_blocks)
    : sum_(Eigen::VectorXd::Zero(n_genes)),
      sum_squares_(Eigen::VectorXd::Zero(n_genes)),
      minimum_(Eigen::VectorXd::Constant(n_genes, infinity)),
      maximum_(Eigen::VectorXd::Constant(n_genes, -infinity)),
      block_sum_(Eigen::VectorXd::Zero(n_genes)),
      block_squares_(Eigen::VectorXd::Zero(n_genes)),
      keeps_blocks_(keeps_blocks),
      non_zero_(static_cast<std::size_t>(n_genes), 0) {}

GeneMoments::GeneMoments(Index n_cells, Eigen::VectorXd sum, Eigen::VectorXd sum_of_squares,
                         Eigen::VectorXd minimum, Eigen::VectorXd maximum)
    : n_cells_(n_cells),
      sum_(std::move(sum)),
      sum_squares_(std::move(sum_of_squares)),
      minimum_(std::move(minimum)),
      maximum_(std::move(maximum)) {}

void GeneMoments::add(const CellBlock& block, bool without_empty) {
  for (std::size_t cell = 0; cell + 1 < block.offsets.size(); ++cell) {
    for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
      const auto gene = static_cast<Index>(block.genes[static_cast<std::size_t>(i)]);
      const auto value = static_cast<double>(block.values[static_cast<std::size_t>(i)]);
      block_sum_[gene] += value;
      block_squares_[gene] += value * value;
      if (value < minimum_[gene]) minimum_[gene] = value;
      if (value > maximum_[gene]) maximum_[gene] = value;
      ++non_zero_[static_cast<std::size_t>(gene)];
    }
    if (!without_empty || block.totals[cell] != 0.0) ++n_cells_;
    if (++in_block_ == block_cells) close_block();
  }
}

void GeneMoments::close_block() {
  if (keeps_blocks_) {
    block_sums_.insert(block_sums_.end(), block_sum_.begin(), block_sum_.end());
    block_sums_of_squares_.insert(block_sums_of_squares_.end(), block_squares_.begin(),
                                  block_squares_.end());
  }
  sum_ += block_sum_;
  sum_squares_ += block_squares_;
  block_sum_.setZero();
  block_squares_.setZero();
  in_block_ = 0;
}

void GeneMoments::finish() {
  if (in_block_ > 0) close_block();
  for (Index gene = 0; gene < n_genes(); ++gene) {
    if (non_zero_[static_cast<std::size_t>(gene)] == n_cells_) continue;
    minimum_[gene] = std::fmin(minimum_[gene], 0.0);
    maximum_[gene] = std::fmax(maximum_[gene], 0.0);
  }
}

Eigen::VectorXd GeneMoments::mean() const {
  return sum_ / static_cast<double>(n_cells_);
}

Eigen::VectorXd GeneMoments::sd() const {
  const auto n = static_cast<double>(n_cells_);
  Eigen::VectorXd result(n_genes());
  for (Index gene = 0; gene < n_genes(); ++gene) {
    const double average = sum_[gene] / n;
    const double variance = sum_squares_[gene] / n - average * average;
    const bool constant = !(minimum_[gene] < maximum_[gene]);
    result[gene] = constant || variance <= 0.0 ? 0.0 : std::sqrt(variance);
  }
  return result;
}

void write_moments(const MomentsFile& moments, const std::string& path) {
  OutputFile output(path);
  if (output.is_direct()) {
    throw Error(ExitCode::usage, path + ": moments are HDF5 and need a regular file.");
  }
  output.create();
  h5::File file = h5::File::create(output.temporary_path());
  const hid_t root = file.id();
  h5::set_text_attribute(file, root, "format", moments_format);
  h5::set_integer_attribute(file, root, "format_version", moments_format_version);
  h5::set_text_attribute(file, root, "made_by", fmt::format("sicmir {}", version));
  h5::set_text_attribute(file, root, "values", to_string(moments.values));
  h5::set_integer_attribute(file, root, "n_cells", moments.moments.n_cells());
  h5::write_texts(file, root, "gene", moments.genes);
  h5::write_doubles(file, root, "sum", as_span(moments.moments.sum()));
  h5::write_doubles(file, root, "sum_of_squares", as_span(moments.moments.sum_of_squares()));
  h5::write_doubles(file, root, "minimum", as_span(moments.moments.minimum()));
  h5::write_doubles(file, root, "maximum", as_span(moments.moments.maximum()));
  const std::vector<std::int64_t> present(moments.present.begin(), moments.present.end());
  h5::write_integers(file, root, "present", present);
  if (moments.part) {
    const CellRange& cells = moments.part->cells;
    h5::set_integer_attribute(file, root, "first_cell", cells.first);
    h5::set_integer_attribute(file, root, "last_cell", cells.last);
    h5::set_integer_attribute(file, root, "n_input_cells", moments.part->n_input_cells);
    h5::write_doubles(file, root, "block_sum", moments.moments.block_sums());
    h5::write_doubles(file, root, "block_sum_of_squares", moments.moments.block_sums_of_squares());
  }
  file.close();
  output.commit();
}

MomentsFile read_moments(const std::string& path) {
  const h5::File file = h5::File::open_read(path);
  return read(file);
}

MomentsFile merge_moments(std::span<const std::string> paths) {
  std::vector<Part> parts;
  for (const std::string& path : paths) {
    const h5::File file = h5::File::open_read(path);
    Part part{path, read(file), {}, {}};
    if (!part.file.part) {
      file.fail("/",
                "contains the moments of a whole input, not of a part, and can be used directly.");
    }
    const CellRange& cells = part.file.part->cells;
    const auto n_sums = static_cast<std::size_t>(n_blocks(cells) * part.file.moments.n_genes());
    part.sums = h5::read_doubles(file, file.id(), "block_sum");
    part.squares = h5::read_doubles(file, file.id(), "block_sum_of_squares");
    if (part.sums.size() != n_sums || part.squares.size() != n_sums) {
      file.fail("/block_sum", fmt::format("does not have {} entries.", n_sums));
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty()) throw Error(ExitCode::usage, "there is no part to merge.");
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.file.part->cells.first < b.file.part->cells.first ||
           (a.file.part->cells.first == b.file.part->cells.first &&
            a.file.part->cells.last < b.file.part->cells.last);
  });
  const MomentsFile& first = parts.front().file;
  std::vector<PartRange> ranges;
  for (const Part& part : parts) {
    if (part.file.genes != first.genes || part.file.present != first.present ||
        part.file.values != first.values) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{} and {}: measured on different genes or kinds of values, so not "
                              "parts of one input.",
                              parts.front().path, part.path));
    }
    ranges.push_back({part.path, part.file.part->cells, part.file.part->n_input_cells});
  }
  check_cover(ranges);

  const Index n_genes = first.moments.n_genes();
  Index n_cells = 0;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(n_genes);
  Eigen::VectorXd squares = sum;
  Eigen::VectorXd minimum = Eigen::VectorXd::Constant(n_genes, infinity);
  Eigen::VectorXd maximum = -minimum;
  for (const Part& part : parts) {
    // Block by block, as one run adds them.
    for (Index block = 0; block < n_blocks(part.file.part->cells); ++block) {
      sum += Eigen::Map<const Eigen::VectorXd>(part.sums.data() + block * n_genes, n_genes);
      squares += Eigen::Map<const Eigen::VectorXd>(part.squares.data() + block * n_genes, n_genes);
    }
    n_cells += part.file.moments.n_cells();
    minimum = minimum.cwiseMin(part.file.moments.minimum());
    maximum = maximum.cwiseMax(part.file.moments.maximum());
  }
  if (n_cells == 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: no part contains a cell with counts.", parts.front().path));
  }
  MomentsFile merged;
  merged.moments = GeneMoments(n_cells, sum, squares, minimum, maximum);
  merged.genes = first.genes;
  merged.values = first.values;
  merged.present = first.present;
  return merged;
}

}  // namespace sicmir
