# Libraries from the system, each as one imported or interface target.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing>=2.3)
# Optional: without it there is no mount.
pkg_check_modules(FUSE3 IMPORTED_TARGET fuse3>=3.2)

# The static archive keeps the library in the jar free of one more system dependency.
find_library(ASHLAR_URING_STATIC NAMES liburing.a HINTS ${URING_LIBRARY_DIRS})
add_library(ashlar_uring INTERFACE)
if(ASHLAR_URING_STATIC)
  target_include_directories(ashlar_uring SYSTEM INTERFACE ${URING_INCLUDE_DIRS})
  target_link_libraries(ashlar_uring INTERFACE "${ASHLAR_URING_STATIC}")
else()
  target_link_libraries(ashlar_uring INTERFACE PkgConfig::URING)
endif()
