// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/lzf_filter.hpp"

#include <hdf5.h>
#include <lzf.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

namespace sicmir::h5 {
namespace {

/// Parameters as h5py stores them: [0] filter version, [1] LZF version, [2] bytes of a whole chunk
/// (some files state none). check_filters() has compared [2] with the chunk, and check_chunks() has
/// inflated every chunk to its exact size before HDF5 may read it by this filter.
// NOLINTBEGIN(*-avoid-c-arrays, *-no-malloc, *-owning-memory): the signature and the memory are
// HDF5's
std::size_t lzf_filter(unsigned flags, std::size_t n_parameters, const unsigned parameters[],
                       std::size_t n_bytes, std::size_t* buffer_bytes, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0 || n_bytes > UINT_MAX) return 0;
  // LZF turns 3 bytes into at most 264: what claims more is not worth the memory.
  const std::size_t most = std::min<std::size_t>(n_bytes * 264, UINT_MAX);
  const std::size_t stated = n_parameters >= 3 ? parameters[2] : 0;
  if (stated > most) return 0;
  for (std::size_t capacity = stated != 0 ? stated : std::max<std::size_t>(4 * n_bytes, 4096);;
       capacity *= 2) {
    void* inflated = std::malloc(capacity);  // HDF5 frees it
    if (inflated == nullptr) return 0;
    const unsigned length = lzf_decompress(*buffer, static_cast<unsigned>(n_bytes), inflated,
                                           static_cast<unsigned>(capacity));
    if (length != 0 && (stated == 0 || length == stated)) {
      std::free(*buffer);
      *buffer = inflated;
      *buffer_bytes = capacity;
      return length;
    }
    const bool too_small = length == 0 && errno == E2BIG;
    std::free(inflated);
    if (!too_small || stated != 0 || capacity > most) return 0;
  }
}
// NOLINTEND(*-avoid-c-arrays, *-no-malloc, *-owning-memory)

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
