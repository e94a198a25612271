# SPDX-License-Identifier: BSD-3-Clause
# The target sicmir_portable: the objects of the program, linked with static libraries, and with the
# model and the tables inside. scripts/make_portable.sh builds it, and, in
# SICMIR_PORTABLE_LIBRARIES, the libraries that Debian has as shared ones alone.
set(SICMIR_PORTABLE_LIBRARIES "" CACHE PATH "Folder of the static libraries that make_portable.sh built")

set(static_libraries "")
foreach(library microhttpd zip lzf spdlog fmt hdf5 sz aec archive deflate xxhash sqlite3 z)
  # Where it compiles for another processor, this folder is not in the root of that one's packages.
  find_library(SICMIR_STATIC_${library} lib${library}.a PATHS ${SICMIR_PORTABLE_LIBRARIES}
    NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
  find_library(SICMIR_STATIC_${library} lib${library}.a REQUIRED PATH_SUFFIXES hdf5/serial)
  list(APPEND static_libraries ${SICMIR_STATIC_${library}})
endforeach()
# Of these, only what the others call becomes part of the program.
foreach(library bz2 lzma zstd lz4 snappy blosc nettle)
  find_library(SICMIR_STATIC_${library} lib${library}.a)
  if(SICMIR_STATIC_${library})
    list(APPEND static_libraries ${SICMIR_STATIC_${library}})
  endif()
endforeach()

set(bundle_source ${CMAKE_CURRENT_BINARY_DIR}/bundle/bytes.cpp)
sicmir_bundle(${bundle_source} models/sicmir-tcga.h5 data/ev_genes.tsv data/gene_moments.tsv
  data/landmarks.tsv data/mirna_old_names.tsv data/mirnas.tsv data/targets_seed_motifs.tsv)
add_executable(sicmir_portable EXCLUDE_FROM_ALL main.cpp no_plugins.cpp ${bundle_source}
  $<TARGET_OBJECTS:sicmir_cli>)
# Not the property: it would link with -pie, which undoes -static-pie.
target_compile_options(sicmir_portable PRIVATE -fPIE)
target_compile_features(sicmir_portable PRIVATE cxx_std_20)
target_include_directories(sicmir_portable PRIVATE
  $<TARGET_PROPERTY:sicmir_common,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_options(sicmir_portable PRIVATE
  $<TARGET_PROPERTY:sicmir_flags,INTERFACE_COMPILE_OPTIONS>
  $<TARGET_PROPERTY:sicmir_baseline,INTERFACE_COMPILE_OPTIONS>)
# Not by the targets of the shared libraries.
# muldefs: malloc() is that of cli/allocation.cpp, which calls that of the C library by another name.
target_link_options(sicmir_portable PRIVATE -static-pie ${hardened_link} -Wl,-z,muldefs
  -Wl,--gc-sections -Wl,-Map=${CMAKE_CURRENT_BINARY_DIR}/sicmir_portable.map)
add_dependencies(sicmir_portable libsicmir)
target_link_libraries(sicmir_portable PRIVATE
  -Wl,--start-group $<TARGET_FILE:libsicmir> ${static_libraries} -Wl,--end-group)
