// SPDX-License-Identifier: BSD-3-Clause
#include "train/checkpoint.hpp"

#include <fmt/core.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/digest.hpp"
#include "base/output_file.hpp"
#include "kernels/kernels.hpp"
#include "model/layers.hpp"

namespace sicmir::training {

namespace {

namespace fs = std::filesystem;

// A file is the magic line, the digest of what follows (32), the job's (32) and the fit's (32), and
// the numbers of FitProgress in the machine's own byte order.
constexpr std::string_view magic = "sicmir checkpoint 1\n";
constexpr std::size_t digest_size = 32;
constexpr std::size_t header_size = magic.size() + 3 * digest_size;

std::string finished_path(const std::string& checkpoint, const FitIdentity& identity) {
  return checkpoint + "." + identity.fit.substr(0, 12) + ".done";
}

std::string digest_of(std::string_view bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.hex();
}

/// Appends or takes the same fields in the same order, so that both directions are written once.
class Archive {
 public:
  Archive() = default;                                                      // writes
  explicit Archive(std::string_view bytes) : from_(bytes), reads_(true) {}  // reads

  template <class T>
  requires std::is_arithmetic_v<T>
  void field(T& value) { raw(&value, sizeof value); }

  template <class T>
  requires std::is_arithmetic_v<T>
  void field(std::vector<T>& values) {
    values.resize(count(values.size(), sizeof(T)));
    raw(values.data(), values.size() * sizeof(T));
  }
  void field(Eigen::VectorXf& values) {
    values.resize(
        static_cast<Index>(count(static_cast<std::size_t>(values.size()), sizeof(float))));
    raw(values.data(), static_cast<std::size_t>(values.size()) * sizeof(float));
  }
  void field(Matrix& values) {
    Index outputs = values.rows();
    Index inputs = values.cols();
    field(outputs);
    field(inputs);
    if (reads_) {
      const auto most = static_cast<Index>(from_.size() / sizeof(float));
      if (outputs < 0 || inputs < 0 || (inputs > 0 && outputs > most / inputs)) broken();
      values.resize(outputs, inputs);
    }
    raw(values.data(), static_cast<std::size_t>(values.size()) * sizeof(float));
  }
  void field(Layer& layer) {
    std::uint64_t kind = layer.index();
    field(kind);
    if (reads_) {
      std::optional<Layer> blank = layers::blank(static_cast<std::size_t>(kind));
      if (!blank) broken();
      layer = std::move(*blank);
    }
    layers::visit_fields(layer, [this](const auto&, auto& value) { field(value); });
  }
  void field(Member& member) {
    field(member.weight);
    field(member.layers);
  }
  void field(EpochReport& report) {
    field(report.member);
    field(report.epoch);
    for (double* number : {&report.train_loss, &report.validation_loss, &report.median_pooled,
                           &report.median_within, &report.learning_rate, &report.seconds}) {
      field(*number);
    }
  }
  template <class T>
  requires(!std::is_arithmetic_v<T>) void field(std::vector<T>& items) {
    items.resize(count(items.size(), 8));  // each takes 8 bytes or more
    for (T& item : items) field(item);
  }
  void field(FitProgress& progress) {
    field(progress.members);
    field(progress.best_epochs);
    field(progress.history);
    field(progress.penalty);
    field(progress.finished);
    field(progress.epoch);
    field(progress.step);
    field(progress.best);
    field(progress.best_epoch);
    field(progress.best_layers);
    field(progress.state);
  }

  [[nodiscard]] const std::string& bytes() const noexcept { return to_; }

 private:
  [[noreturn]] static void broken() {
    throw Error(ExitCode::bad_input, "the checkpoint is damaged");
  }
  std::size_t count(std::size_t now, std::size_t least_bytes) {
    std::uint64_t n = now;
    field(n);
    if (reads_ && n > from_.size() / least_bytes) broken();
    return static_cast<std::size_t>(n);
  }
  void raw(void* data, std::size_t size) {
    if (size == 0) return;
    if (!reads_) {
      to_.append(static_cast<const char*>(data), size);
      return;
    }
    if (size > from_.size()) broken();
    std::memcpy(data, from_.data(), size);
    from_.remove_prefix(size);
  }

  std::string to_;
  std::string_view from_;
  bool reads_ = false;
};

struct Stored {
  std::string job, fit;
  std::string payload;
};

[[noreturn]] void refuse(const std::string& path, std::string_view what) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", path, what), {Remedy::other_checkpoint});
}

std::optional<Stored> read_file(const std::string& path) {
  std::error_code failed;
  if (!fs::exists(path, failed)) return std::nullopt;
  if (!fs::is_regular_file(path, failed)) refuse(path, "is no regular file.");
  std::ifstream stream(path, std::ios::binary);
  std::string head(header_size, '\0');
  if (!stream.read(head.data(), static_cast<std::streamsize>(head.size())) ||
      !head.starts_with(magic)) {
    refuse(path, "is no checkpoint of sicmir train.");
  }
  Stored stored;
  stored.payload.assign(std::istreambuf_iterator<char>(stream), {});
  const auto part = [&](std::size_t number) {
    return head.substr(magic.size() + number * digest_size, digest_size);
  };
  stored.job = part(1);
  stored.fit = part(2);
  if (digest_of(stored.job + stored.fit + stored.payload) != part(0)) {
    refuse(path, "is damaged or incomplete.");
  }
  return stored;
}

std::optional<FitProgress> progress_in(const std::string& path, const FitIdentity& identity) {
  const std::optional<Stored> stored = read_file(path);
  if (!stored) return std::nullopt;
  if (stored->job != identity.job) {
    throw Error(
        ExitCode::usage,
        fmt::format("{}: was saved by a run with other options or another instruction set.", path),
        {Remedy::start_again});
  }
  if (stored->fit != identity.fit) return std::nullopt;
  FitProgress progress;
  try {
    Archive(stored->payload).field(progress);
  } catch (const Error&) {
    refuse(path, "is damaged.");
  }
  return progress;
}

}  // namespace

FitIdentity identify(const TrainingPairs& pairs, std::span<const Index> train,
                     std::span<const Index> validation, const TrainOptions& options) {
  const auto add = [](Digest& digest, const auto& values) {
    using Scalar = std::decay_t<decltype(*values.data())>;
    digest.add(std::span<const Scalar>(values.data(), static_cast<std::size_t>(values.size())));
  };
  Digest job;
  job.add(std::string_view(kernels::active().name));
  add(job, options.hidden);
  add(job, options.penalties);
  for (const double number :
       {static_cast<double>(options.order), options.dropout, static_cast<double>(options.epochs),
        static_cast<double>(options.batch), options.learning_rate, options.cosine ? 1.0 : 0.0,
        static_cast<double>(options.warmup_epochs), options.weight_decay,
        static_cast<double>(options.patience), static_cast<double>(options.members), options.ridge,
        options.kernel, options.prior, options.kernel_penalty,
        static_cast<double>(options.prior_profiles), options.mask_genes, options.thin,
        options.thin_counts, static_cast<double>(options.distil)}) {
    job.add(number);
  }
  const std::uint64_t seed = options.seed;
  job.add(std::span<const std::uint64_t>(&seed, 1));

  Digest fit;
  fit.add(static_cast<double>(options.stop_after));
  fit.add(std::string_view(options.unseen_group));
  add(fit, pairs.mrna);
  add(fit, pairs.mirna);
  add(fit, pairs.weights);
  add(fit, pairs.level_variances);
  add(fit, pairs.target_weights);
  add(fit, pairs.profiles.mirna);
  add(fit, train);
  add(fit, validation);
  for (const Eigen::VectorXd* part :
       {&options.gene_mean, &options.gene_sd, &options.mirna_mean, &options.mirna_sd}) {
    add(fit, *part);
  }
  return {job.hex(), fit.hex()};
}

void save_progress(const std::string& checkpoint, const FitIdentity& identity,
                   const FitProgress& progress) {
  Archive archive;
  archive.field(const_cast<FitProgress&>(progress));  // writing changes nothing
  const std::string body = identity.job + identity.fit + archive.bytes();
  OutputFile file(progress.finished ? finished_path(checkpoint, identity) : checkpoint);
  if (file.is_direct()) {
    throw Error(ExitCode::usage, checkpoint + ": a checkpoint needs a regular file.");
  }
  file.create();
  file.write(magic);
  file.write(digest_of(body));
  file.write(body);
  file.commit();
}

std::optional<FitProgress> load_progress(const std::string& checkpoint,
                                         const FitIdentity& identity) {
  if (auto finished = progress_in(finished_path(checkpoint, identity), identity)) return finished;
  return progress_in(checkpoint, identity);
}

}  // namespace sicmir::training

namespace sicmir {

void remove_checkpoints(const std::string& checkpoint) noexcept {
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::path path(checkpoint);
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  const std::string start = path.filename().string() + ".";
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(start) && name.ends_with(".done") &&
        name.size() == start.size() + 12 + 5) {
      std::error_code ignored;
      fs::remove(entry->path(), ignored);
    }
  }
  fs::remove(path, failed);
}

}  // namespace sicmir
