// SPDX-License-Identifier: BSD-3-Clause
#include "text/bgzf_bytes.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "parallel/threads.hpp"
#include "sicmir/types.hpp"
#include "text/gzip_bytes.hpp"

namespace sicmir {
namespace {

constexpr std::size_t header_bytes = 18;
constexpr std::size_t least_block_bytes = header_bytes + 2 + 8;  // an empty block and its trailer
constexpr std::size_t most_text = std::size_t{1} << 16;          // of a block
constexpr std::size_t batch_blocks = 16;

std::uint32_t little_endian(const char* from, int bytes) {
  std::uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(from[i]);
  return value;
}

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* one) const noexcept {
    libdeflate_free_decompressor(one);
  }
};
using Decompressor = std::unique_ptr<libdeflate_decompressor, FreeDecompressor>;

Decompressor make_decompressor() {
  Decompressor one(libdeflate_alloc_decompressor());
  if (!one) throw Error(ExitCode::internal, "libdeflate cannot start.");
  return one;
}

/// Blocks that travel together.
struct Batch {
  std::string raw;                // whole blocks
  std::vector<std::size_t> ends;  // of them, in raw
  std::vector<char> text;
  std::size_t text_size = 0;
  std::size_t used = 0;  // bytes of raw that could be decompressed
  bool done = false;

  void decompress(libdeflate_decompressor* decompressor) {
    text.resize(batch_blocks * most_text);
    text_size = 0;
    used = 0;
    for (const std::size_t end : ends) {
      const std::size_t expected = little_endian(raw.data() + end - 4, 4);
      std::size_t got = 0;
      if (expected > most_text ||
          libdeflate_gzip_decompress(decompressor, raw.data() + used, end - used,
                                     text.data() + text_size, expected,
                                     &got) != LIBDEFLATE_SUCCESS ||
          got != expected) {
        return;
      }
      text_size += got;
      used = end;
    }
  }
};

/// Bytes that were read already, then those of a stage.
class BytesBefore final : public ByteStage {
 public:
  BytesBefore(std::string bytes, std::unique_ptr<ByteStage> stage)
      : bytes_(std::move(bytes)), stage_(std::move(stage)) {}
  std::span<const char> next() override {
    if (!std::exchange(served_, true) && !bytes_.empty()) return bytes_;
    return stage_->next();
  }
  std::size_t memory_bytes() const override { return bytes_.capacity() + stage_->memory_bytes(); }

 private:
  std::string bytes_;
  std::unique_ptr<ByteStage> stage_;
  bool served_ = false;
};

class BgzfBytes final : public ByteStage {
 public:
  BgzfBytes(std::unique_ptr<ByteStage> stage, std::string name, int threads)
      : stage_(std::move(stage)),
        name_(std::move(name)),
        n_threads_(thread_count(threads)),
        batches_(n_threads_ > 1 ? static_cast<std::size_t>(n_threads_) + 2 : 1),
        decompressor_(make_decompressor()) {}
  BgzfBytes(const BgzfBytes&) = delete;
  BgzfBytes& operator=(const BgzfBytes&) = delete;
  ~BgzfBytes() override {
    {
      const std::scoped_lock lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
  }

  std::span<const char> next() override {
    while (!rest_) {
      fill_batches();
      if (n_served_ == n_filled_) {
        hand_over({});
        break;
      }
      Batch& batch = batch_of(n_served_);
      finish(batch);
      ++n_served_;
      offset_ += batch.used;
      if (batch.used < batch.raw.size()) hand_over(batch.raw.substr(batch.used));
      if (batch.text_size > 0) return {batch.text.data(), batch.text_size};
    }
    return rest_->next();
  }

  std::size_t memory_bytes() const override {
    if (rest_) return rest_->memory_bytes();
    return batches_.size() * 2 * batch_blocks * most_text + stage_->memory_bytes();
  }

 private:
  Batch& batch_of(std::uint64_t number) { return batches_[number % batches_.size()]; }

  /// Up to `size` bytes more; false: the input ended before.
  bool append(std::string& to, std::size_t size) {
    while (size > 0) {
      if (at_hand_.empty()) at_hand_ = stage_->next();
      if (at_hand_.empty()) return false;
      const std::size_t count = std::min(size, at_hand_.size());
      to.append(at_hand_.data(), count);
      at_hand_ = at_hand_.subspan(count);
      size -= count;
    }
    return true;
  }

  /// Whole blocks into `batch`; what follows the last block of all goes into tail_.
  void fill(Batch& batch) {
    std::string& raw = batch.raw;
    raw.clear();
    batch.ends.clear();
    batch.done = false;
    while (batch.ends.size() < batch_blocks) {
      const std::size_t begin = raw.size();
      bool whole = false;
      try {
        if (append(raw, header_bytes)) {
          const std::size_t size = bgzf_block_bytes(std::string_view(raw).substr(begin));
          whole = size > 0 && append(raw, size - header_bytes);
        }
      } catch (const Error&) {
        // Said again when the bytes before it have been served: hand_over() reads on from here.
        whole = false;
      }
      if (!whole) {
        tail_ = raw.substr(begin);
        raw.resize(begin);
        read_all_ = true;
        return;
      }
      batch.ends.push_back(raw.size());
    }
  }

  void fill_batches() {
    while (!read_all_ && n_filled_ - n_served_ < batches_.size()) {
      Batch& batch = batch_of(n_filled_);
      fill(batch);
      if (batch.ends.empty()) return;
      {
        const std::scoped_lock lock(mutex_);
        ++n_filled_;
      }
      changed_.notify_all();
      // A short input is not worth a thread.
      if (threads_.empty() && n_threads_ > 1 && n_filled_ > 1) start_threads();
    }
  }

  void start_threads() {
    for (int i = 0; i < n_threads_; ++i) {
      threads_.emplace_back([this, own = make_decompressor()] {
        std::unique_lock lock(mutex_);
        for (;;) {
          changed_.wait(lock, [&] { return stop_ || n_taken_ < n_filled_; });
          if (stop_) return;
          Batch& batch = batch_of(n_taken_++);
          lock.unlock();
          batch.decompress(own.get());
          lock.lock();
          batch.done = true;
          changed_.notify_all();
        }
      });
    }
  }

  /// Returns when `batch`, the next to be served, is decompressed.
  void finish(Batch& batch) {
    std::unique_lock lock(mutex_);
    if (n_taken_ == n_served_) {  // nobody has it in hand
      ++n_taken_;
      lock.unlock();
      batch.decompress(decompressor_.get());
      return;
    }
    changed_.wait(lock, [&] { return batch.done; });
  }

  /// From here on, one after the other: `bytes`, and all that was read ahead.
  void hand_over(std::string bytes) {
    for (std::uint64_t i = n_served_; i < n_filled_; ++i) bytes += batch_of(i).raw;
    bytes += tail_;
    bytes.append(at_hand_.begin(), at_hand_.end());
    rest_ = gunzipped(std::make_unique<BytesBefore>(std::move(bytes), std::move(stage_)), name_,
                      offset_);
  }

  std::unique_ptr<ByteStage> stage_;
  std::string name_;
  int n_threads_;
  std::vector<Batch> batches_;
  Decompressor decompressor_;
  std::span<const char> at_hand_;  // read, but not yet in a batch
  std::string tail_;
  bool read_all_ = false;       // or what follows is no block
  std::uint64_t offset_ = 0;    // in the file, of what has been served
  std::uint64_t n_served_ = 0;  // batches
  std::unique_ptr<ByteStage> rest_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t n_filled_ = 0, n_taken_ = 0;  // batches
  bool stop_ = false;
  std::vector<std::jthread> threads_;  // last: they end first
};

}  // namespace

std::size_t bgzf_block_bytes(std::string_view head) {
  constexpr std::string_view gzip_with_extra("\x1f\x8b\x08\x04", 4);
  constexpr std::string_view size_field("BC\x02\x00", 4);
  constexpr std::size_t field_at = 12;
  if (head.size() < header_bytes || !head.starts_with(gzip_with_extra) ||
      head.substr(field_at, size_field.size()) != size_field) {
    return 0;
  }
  const std::size_t size = little_endian(head.data() + field_at + size_field.size(), 2) + 1;
  return size < least_block_bytes ? 0 : size;
}

std::unique_ptr<ByteStage> gunzipped_in_parallel(std::unique_ptr<ByteStage> stage, std::string name,
                                                 int threads) {
  return std::make_unique<BgzfBytes>(std::move(stage), std::move(name), threads);
}

}  // namespace sicmir
