#include "io/lzf_filter.hpp"

#include <hdf5.h>
#include <liblzf/lzf.h>

#include <cstdlib>

namespace sicmir::h5 {
namespace {

constexpr H5Z_filter_t lzf_number = 32000;
constexpr std::size_t max_chunk_bytes = std::size_t{1} << 32;  // HDF5's own limit for a chunk

/// Parameters as h5py stores them: [0] filter version, [1] LZF version, [2] bytes of a whole chunk.
std::size_t lzf_filter(unsigned flags, std::size_t n_parameters, const unsigned parameters[],
                       std::size_t n_bytes, std::size_t* buffer_bytes, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0) return 0;
  std::size_t capacity = n_parameters >= 3 && parameters[2] != 0 ? parameters[2] : *buffer_bytes;
  if (capacity == 0 || capacity > max_chunk_bytes) return 0;
  void* inflated = std::malloc(capacity);
  if (inflated == nullptr) return 0;
  const unsigned length = lzf_decompress(*buffer, static_cast<unsigned>(n_bytes), inflated,
                                         static_cast<unsigned>(capacity));
  if (length == 0) {
    std::free(inflated);
    return 0;
  }
  std::free(*buffer);
  *buffer = inflated;
  *buffer_bytes = capacity;
  return length;
}

}  // namespace

void register_lzf_filter() {
  static const bool registered = [] {
    H5Z_class2_t filter{};
    filter.version = H5Z_CLASS_T_VERS;
    filter.id = lzf_number;
    filter.encoder_present = 0;
    filter.decoder_present = 1;
    filter.name = "lzf";
    filter.filter = lzf_filter;
    return H5Zregister(&filter) >= 0;
  }();
  (void)registered;
}

}  // namespace sicmir::h5
