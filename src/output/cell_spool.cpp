// SPDX-License-Identifier: BSD-3-Clause
#include "output/cell_spool.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/own_files.hpp"

namespace sicmir {
namespace {

constexpr std::size_t piece_floats = std::size_t{1} << 22;  // 16 MB

[[noreturn]] void fail(const std::string& folder, const char* what, int reason) {
  throw Error(ExitCode::not_written,
              fmt::format("{}: the temporary file that holds the table until it can be transposed "
                          "cannot be {}: {}. Free some space there, or set TMPDIR to another "
                          "folder.",
                          folder, what, std::strerror(reason)));
}

}  // namespace

CellSpool::CellSpool(Index n_features, std::size_t memory_bytes)
    : n_features_(n_features),
      memory_left_(memory_bytes),
      piece_cells_(
          std::max<Index>(1, static_cast<Index>(piece_floats) / std::max<Index>(1, n_features))) {}

void CellSpool::append(std::span<const float> values) {
  if (n_features_ == 0) return;
  const auto full = static_cast<std::size_t>(piece_cells_ * n_features_);
  n_cells_ += static_cast<Index>(values.size()) / n_features_;
  while (!values.empty()) {
    const std::size_t take = std::min(values.size(), full - pending_.size());
    pending_.insert(pending_.end(), values.begin(),
                    values.begin() + static_cast<std::ptrdiff_t>(take));
    values = values.subspan(take);
    if (pending_.size() == full) close_piece();
  }
}

void CellSpool::close_piece() {
  if (pending_.empty()) return;
  const auto features = static_cast<std::size_t>(n_features_);
  const std::size_t cells = pending_.size() / features;
  turned_.resize(pending_.size());
  constexpr std::size_t tile = 32;  // both sides of a tile stay in the cache
  for (std::size_t c0 = 0; c0 < cells; c0 += tile) {
    for (std::size_t f0 = 0; f0 < features; f0 += tile) {
      for (std::size_t f = f0; f < std::min(f0 + tile, features); ++f) {
        for (std::size_t c = c0; c < std::min(c0 + tile, cells); ++c) {
          turned_[f * cells + c] = pending_[c * features + f];
        }
      }
    }
  }
  Piece piece;
  piece.n_cells = static_cast<Index>(cells);
  const std::size_t bytes = turned_.size() * sizeof(float);
  if (bytes <= memory_left_) {
    memory_left_ -= bytes;
    piece.values.assign(turned_.begin(), turned_.end());
  } else {
    piece.offset = file_bytes_;
    write_to_file(turned_);
  }
  pieces_.push_back(std::move(piece));
  pending_.clear();
}

void CellSpool::write_to_file(std::span<const float> values) {
  if (!file_) {
    TemporaryPlace place = open_temporary();
    file_ = std::move(place.file);
    folder_ = std::move(place.folder);
  }
  const auto bytes = std::as_bytes(values);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t written = pwrite(file_.get(), bytes.data() + at, bytes.size() - at,
                                   static_cast<off_t>(file_bytes_ + at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(folder_, "written", errno);
    at += static_cast<std::size_t>(written);
  }
  file_bytes_ += bytes.size();
}

void CellSpool::read(Index first, Index count, std::vector<float>& out) {
  close_piece();
  out.resize(static_cast<std::size_t>(count * n_cells_));
  std::vector<float> part;
  Index before = 0;
  for (const Piece& piece : pieces_) {
    const auto cells = static_cast<std::size_t>(piece.n_cells);
    const std::size_t start = static_cast<std::size_t>(first) * cells;
    const std::size_t length = static_cast<std::size_t>(count) * cells;
    const float* values = nullptr;
    if (!piece.values.empty()) {
      values = piece.values.data() + start;
    } else {
      part.resize(length);
      const auto bytes = std::as_writable_bytes(std::span(part));
      for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t got = pread(file_.get(), bytes.data() + at, bytes.size() - at,
                                  static_cast<off_t>(piece.offset + start * sizeof(float) + at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) fail(folder_, "read", got < 0 ? errno : EIO);
        at += static_cast<std::size_t>(got);
      }
      values = part.data();
    }
    for (Index f = 0; f < count; ++f) {
      std::copy_n(values + static_cast<std::size_t>(f) * cells, cells,
                  out.begin() + static_cast<std::ptrdiff_t>(f * n_cells_ + before));
    }
    before += piece.n_cells;
  }
}

}  // namespace sicmir
