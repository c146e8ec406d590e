# A layer is a folder; its files are found by name, so adding one needs no edit here:
#   x.cc       into the static library ashlar_<layer>
#   x_test.cc  into the gtest executable <layer>_test
#   x_fuzz.cc  a libFuzzer executable <layer>_x_fuzz (with ASHLAR_FUZZ)

# ashlar_layer(<layer> <library it links>...)
function(ashlar_layer layer)
  set(library ashlar_${layer})
  ashlar_glob_sources(sources)
  if(sources)
    add_library(${library} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${library} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(${library} ${scope} ashlar_flags ${ARGN})
  ashlar_layer_tests(${layer} ${library})
endfunction()

# Every .cc of the current folder that is neither a test nor a fuzz target.
function(ashlar_glob_sources result)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$")
  set(${result} "${sources}" PARENT_SCOPE)
endfunction()

# ashlar_layer_tests(<layer> <library under test>...)
function(ashlar_layer_tests layer)
  file(GLOB tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc")
  if(ASHLAR_TESTS AND tests)
    add_executable(${layer}_test ${tests})
    target_link_libraries(${layer}_test PRIVATE ${ARGN} ashlar_testing GTest::gmock
                                                GTest::gmock_main)
    # Starting SPDK takes a while, so what needs it runs in one process: ashlar_spdk_test.
    gtest_discover_tests(${layer}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${layer}."
                         TEST_FILTER "-*/Spdk*" PROPERTIES TIMEOUT 300)
  endif()

  file(GLOB fuzzers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_fuzz.cc")
  if(ASHLAR_FUZZ)
    foreach(source IN LISTS fuzzers)
      cmake_path(GET source STEM name)
      add_executable(${layer}_${name} ${source})
      target_link_libraries(${layer}_${name} PRIVATE ${ARGN} ashlar_testing)
      target_link_options(${layer}_${name} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()

# ashlar_spdk_test(<name> <layer> <gtest filter> <environment>): tests that need SPDK, in one
# process. Without SPDK they are shown as skipped.
function(ashlar_spdk_test name layer filter environment)
  if(NOT TARGET ${layer}_test)
    return()
  endif()
  if(ASHLAR_SPDK)
    add_test(NAME ${name} COMMAND ${layer}_test --gtest_brief=1 "--gtest_filter=${filter}")
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${environment}" TIMEOUT 900)
  else()
    add_test(NAME ${name} COMMAND "${CMAKE_COMMAND}" -E echo "skipped: built without SPDK")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "^skipped")
  endif()
endfunction()

# ashlar_spdk_suite(<layer> <gtest filter>): the tests of a layer once more, over SPDK's malloc and
# aio bdevs in the place of memory.
function(ashlar_spdk_suite layer filter)
  foreach(kind malloc aio)
    ashlar_spdk_test(${layer}.on_spdk_${kind} ${layer} "${filter}" ASHLAR_TEST_BDEV=${kind})
  endforeach()
endfunction()
