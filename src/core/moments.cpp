#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <limits>

#include "hdf5/h5.hpp"
#include "output/output_file.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

constexpr std::string_view moments_format = "sicmir-moments";
constexpr int moments_format_version = 1;
constexpr double infinity = std::numeric_limits<double>::infinity();

std::span<const double> as_span(const Eigen::VectorXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

}  // namespace

GeneMoments::GeneMoments(Index n_genes)
    : sum_(Eigen::VectorXd::Zero(n_genes)),
      sum_squares_(Eigen::VectorXd::Zero(n_genes)),
      minimum_(Eigen::VectorXd::Constant(n_genes, infinity)),
      maximum_(Eigen::VectorXd::Constant(n_genes, -infinity)),
      block_sum_(Eigen::VectorXd::Zero(n_genes)),
      block_squares_(Eigen::VectorXd::Zero(n_genes)),
      non_zero_(static_cast<std::size_t>(n_genes), 0) {}

GeneMoments::GeneMoments(Index n_cells, Eigen::VectorXd sum, Eigen::VectorXd sum_of_squares,
                         Eigen::VectorXd minimum, Eigen::VectorXd maximum)
    : n_cells_(n_cells),
      sum_(std::move(sum)),
      sum_squares_(std::move(sum_of_squares)),
      minimum_(std::move(minimum)),
      maximum_(std::move(maximum)) {}

void GeneMoments::add(const CellBlock& block) {
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
    ++n_cells_;
    if (++in_block_ == block_cells) close_block();
  }
}

void GeneMoments::close_block() {
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
  file.close();
  output.commit();
}

MomentsFile read_moments(const std::string& path) {
  const h5::File file = h5::File::open_read(path);
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
  if (!n_cells || n_cells->size() != 1 || n_cells->front() < 1) {
    file.fail("/", "its attribute 'n_cells' is not a positive number.");
  }
  result.genes = h5::read_texts(file, root, "gene");
  const auto numbers = [&](const std::string& name) {
    const std::vector<double> values = h5::read_doubles(file, root, name);
    if (values.size() != result.genes.size()) {
      file.fail("/" + name, fmt::format("has {} entries; {} were expected.", values.size(),
                                        result.genes.size()));
    }
    for (const double value : values) {
      if (!std::isfinite(value)) file.fail("/" + name, "holds NaN or infinite numbers.");
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

}  // namespace sicmir
