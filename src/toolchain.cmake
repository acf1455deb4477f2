# Language level, warnings, hardening and sanitizers, the same for every room and test.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# A portable binary takes from its host glibc and nothing else. What Debian has no static library of (prometheus-cpp,
# and with it libstdc++, which there must be one of) is installed beside it (package.cmake).
if(HOLDFAST_PORTABLE)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(OPENSSL_USE_STATIC_LIBS ON)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(RocksDB REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
set(spdlog spdlog::spdlog)
set(rocksdb RocksDB::rocksdb-shared)
if(HOLDFAST_PORTABLE)
  # Debian ships spdlog and fmt as shared libraries or headers only. RocksDB's own list of libraries names shared ones,
  # and gflags, which only its tools use.
  set(spdlog spdlog::spdlog_header_only)
  set_target_properties(spdlog::spdlog_header_only PROPERTIES INTERFACE_LINK_LIBRARIES fmt::fmt-header-only)
  set(rocksdb RocksDB::rocksdb)
  set(codecs)
  foreach(codec IN ITEMS snappy z bz2 lz4 zstd)
    find_library(codec_${codec} ${codec} REQUIRED)
    list(APPEND codecs ${codec_${codec}})
  endforeach()
  set_target_properties(RocksDB::rocksdb PROPERTIES INTERFACE_LINK_LIBRARIES "${codecs}")
endif()

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
                    -Wextra-semi -Wvla -Wno-missing-designated-field-initializers -Werror)
# Separate compilation keeps Asio and Beast templates out of every object; see docs/adr/0002-build-time.md.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                        BOOST_ASIO_NO_DEPRECATED HOLDFAST_VERSION="${PROJECT_VERSION}")
add_link_options(-fuse-ld=lld)

set(hardening_flags -fstack-protector-strong -fcf-protection -ftrivial-auto-var-init=zero)
add_compile_options(${hardening_flags})
add_link_options(-Wl,-z,relro,-z,now,--as-needed -pie)

# The checks left out cost most of the build time and are covered elsewhere (measured: 29 s -> 14.5 s a file).
set(sanitizer_flags -fsanitize=address,undefined -fno-sanitize=null,alignment,vptr,object-size
                    -fno-sanitize-recover=undefined)
if(HOLDFAST_SANITIZE STREQUAL "address,undefined")
  add_compile_options(${sanitizer_flags})
  add_link_options(${sanitizer_flags})
elseif(HOLDFAST_SANITIZE STREQUAL "thread")
  # Fences are invisible to the sanitizer: Asio must use real synchronisation instead.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(HOLDFAST_SANITIZE STREQUAL "fuzzer")
  add_compile_options(-fsanitize=fuzzer-no-link ${sanitizer_flags})
  add_link_options(${sanitizer_flags})
else()
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_definitions(_FORTIFY_SOURCE=3 _GLIBCXX_ASSERTIONS)
  endif()
endif()
