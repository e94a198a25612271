#include "io/lzf_filter.hpp"

#include <hdf5.h>
#include <liblzf/lzf.h>

#include <climits>
#include <cstdlib>

namespace sicmir::h5 {
namespace {

/// Parameters as h5py stores them: [0] filter version, [1] LZF version, [2] bytes of a whole chunk.
/// check_filters() has compared [2] with the chunk; a chunk that inflates to anything else is
/// damaged, and HDF5 itself would not notice.
std::size_t lzf_filter(unsigned flags, std::size_t n_parameters, const unsigned parameters[],
                       std::size_t n_bytes, std::size_t* buffer_bytes, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0 || n_parameters < 3) return 0;
  const std::size_t chunk_bytes = parameters[2];
  // LZF turns 3 bytes into at most 264: what claims more is not worth the memory.
  constexpr std::size_t max_growth = 264;
  if (chunk_bytes == 0 || n_bytes > UINT_MAX || chunk_bytes / max_growth > n_bytes) return 0;
  void* inflated = std::malloc(chunk_bytes);  // HDF5 frees it
  if (inflated == nullptr) return 0;
  const unsigned length = lzf_decompress(*buffer, static_cast<unsigned>(n_bytes), inflated,
                                         static_cast<unsigned>(chunk_bytes));
  if (length != chunk_bytes) {
    std::free(inflated);
    return 0;
  }
  std::free(*buffer);
  *buffer = inflated;
  *buffer_bytes = chunk_bytes;
  return chunk_bytes;
}

}  // namespace

void register_lzf_filter() {
  static const bool registered = [] {
    H5Z_class2_t filter{};
    filter.version = H5Z_CLASS_T_VERS;
    filter.id = lzf_filter_number;
    filter.encoder_present = 0;
    filter.decoder_present = 1;
    filter.name = "lzf";
    filter.filter = lzf_filter;
    return H5Zregister(&filter) >= 0;
  }();
  (void)registered;
}

}  // namespace sicmir::h5
