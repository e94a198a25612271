// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_stretch.hpp"

#include <utility>

#include "hdf5/h5_storage.hpp"

namespace sicmir::h5 {

template <class T>
StretchReader<T>::StretchReader(const File& file, Handle dataset, hsize_t wanted,
                                std::optional<std::int64_t> limit, std::string limit_of)
    : numbers_(file, std::move(dataset), wanted, limit, std::move(limit_of)) {
  const Lock lock;
  const hid_t id = numbers_.dataset();
  plain_ = compression_name(id).empty();
  if (plain_) return;
  codec_ = ChunkCodec::of(file, id);
  if (!codec_) return;
  const hid_t memory = memory_type<T>();
  file_type_ = Handle(H5Dget_type(id));
  convert_ = H5Tequal(file_type_.get(), memory) <= 0;
  const std::size_t file_bytes = H5Tget_size(file_type_.get());
  chunk_elements_ = codec_->chunk_bytes() / file_bytes;
  larger_element_ = std::max(file_bytes, sizeof(T));
}

template <class T>
void StretchReader<T>::fetch(hsize_t begin, hsize_t end, Stretch<T>& stretch) {
  stretch.first = begin;
  stretch.end = end;
  stretch.chunks.clear();
  stretch.values.clear();
  if (begin >= end) return;
  if (plain_) {
    stretch.values.resize(end - begin);
    numbers_.read(begin, end - begin, stretch.values.data());
    return;
  }
  if (!codec_) {  // HDF5 inflates, window after window
    while (begin < end) {
      std::span<const T> window = numbers_.from(begin);
      window = window.first(std::min<std::size_t>(window.size(), end - begin));
      stretch.values.insert(stretch.values.end(), window.begin(), window.end());
      begin += window.size();
    }
    return;
  }
  for (hsize_t corner = begin - begin % chunk_elements_; corner < end; corner += chunk_elements_) {
    if (!last_ || last_corner_ != corner) {
      auto chunk = std::make_shared<SharedChunk>();
      codec_->fetch(numbers_.dataset(), std::span(&corner, 1), chunk->stored);
      last_ = std::move(chunk);
      last_corner_ = corner;
    }
    stretch.chunks.push_back(last_);
  }
}

template <class T>
void StretchReader<T>::decode(ChunkCodec::Stored& stored, RawBytes& elements) const {
  codec_->decode(stored, elements);
  if (stored.present) ++n_inflated_;
  if (!convert_) return;
  const Lock lock;
  elements.resize(chunk_elements_ * larger_element_);  // conversion is done in place
  if (H5Tconvert(file_type_.get(), memory_type<T>(), chunk_elements_, elements.data(), nullptr,
                 H5P_DEFAULT) < 0) {
    throw Error(ExitCode::internal, "HDF5 cannot convert between two number types");
  }
}

template <class T>
std::span<const T> StretchReader<T>::piece_from(const Stretch<T>& stretch, hsize_t begin,
                                                hsize_t end) const {
  std::span<const T> piece;
  if (stretch.chunks.empty()) {
    piece = std::span<const T>(stretch.values).subspan(begin - stretch.first, end - begin);
  } else {
    const hsize_t chunk = begin / chunk_elements_;
    const RawBytes& elements = stretch.chunks[chunk - stretch.first / chunk_elements_]->elements(
        [this](auto& stored, auto& out) { decode(stored, out); });
    const auto* first = reinterpret_cast<const T*>(elements.data()) + begin % chunk_elements_;
    const hsize_t chunk_end = (chunk + 1) * chunk_elements_;
    piece = {first, std::min(end, chunk_end) - begin};
  }
  numbers_.check_limit(piece, begin);
  return piece;
}

template class StretchReader<float>;
template class StretchReader<double>;
template class StretchReader<std::int32_t>;
template class StretchReader<std::int64_t>;

}  // namespace sicmir::h5
