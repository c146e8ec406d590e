# ashlar_flags: everything a source of Ashlar is compiled with. Every target links it.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(ashlar_flags INTERFACE)
target_include_directories(ashlar_flags INTERFACE "${PROJECT_SOURCE_DIR}"
                                                  "${PROJECT_SOURCE_DIR}/include")
set(ASHLAR_OLD_GCC
    "$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>")
target_compile_options(
  ashlar_flags
  INTERFACE -fno-exceptions
            -fno-rtti
            -fno-omit-frame-pointer
            -Wall
            -Wextra
            -Werror
            -Wshadow
            -Wconversion
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wunused
            $<$<CXX_COMPILER_ID:GNU>:-fcoroutines>
            # False in optimized builds up to GCC 12: "text" + std::string, vector < vector.
            "$<${ASHLAR_OLD_GCC}:-Wno-restrict;-Wno-stringop-overread>")
# A debug build checks the standard library's own preconditions too.
target_compile_definitions(ashlar_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

if(ASHLAR_SANITIZE)
  if(NOT ASHLAR_SANITIZE MATCHES "^(address|undefined|thread)$")
    message(FATAL_ERROR "ASHLAR_SANITIZE=${ASHLAR_SANITIZE}: expected address, undefined or thread")
  endif()
  target_compile_options(ashlar_flags INTERFACE -fsanitize=${ASHLAR_SANITIZE})
  target_link_options(ashlar_flags INTERFACE -fsanitize=${ASHLAR_SANITIZE})
  target_compile_definitions(ashlar_flags INTERFACE _GLIBCXX_ASSERTIONS)
  if(ASHLAR_SANITIZE STREQUAL "thread")
    # liburing's headers use fences, between us and the kernel, which TSan does not see anyway.
    target_compile_options(ashlar_flags INTERFACE -Wno-tsan)
  endif()
  if(ASHLAR_SANITIZE STREQUAL "undefined")
    # Without RTTI there is no dynamic type to compare; a finding must fail the test.
    target_compile_options(ashlar_flags INTERFACE -fno-sanitize=vptr -fno-sanitize-recover=all)
  endif()
endif()

if(ASHLAR_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "ASHLAR_FUZZ needs clang: configure with -DCMAKE_CXX_COMPILER=clang++")
  endif()
  # Coverage in every layer, main only in the fuzz targets.
  target_compile_options(ashlar_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
