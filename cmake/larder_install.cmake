# Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#
# `cmake --install`: the library, its headers, and what find_package(larder) and pkg-config read.

include(CMakePackageConfigHelpers)

set(larder_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/larder)
set(larder_doc_dir ${CMAKE_INSTALL_DATADIR}/doc/larder)

install(TARGETS larder ${larder_components} EXPORT larder-targets)
foreach(larder_installed_program IN ITEMS larder-server larder-sim)
  if(TARGET ${larder_installed_program})
    install(TARGETS ${larder_installed_program})
  endif()
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/larder DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${larder_doc_dir})
install(EXPORT larder-targets NAMESPACE larder:: DESTINATION ${larder_config_dir})

list(TRANSFORM larder_components REPLACE "^larder_" "" OUTPUT_VARIABLE larder_component_names)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/larder-config.cmake.in
                              ${PROJECT_BINARY_DIR}/larder-config.cmake INSTALL_DESTINATION ${larder_config_dir})
# Before 1.0 a minor version may break what was there.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/larder-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/larder-config.cmake ${PROJECT_BINARY_DIR}/larder-config-version.cmake
              ${CMAKE_CURRENT_LIST_DIR}/Findhiredis.cmake ${CMAKE_CURRENT_LIST_DIR}/Findlibuv.cmake
        DESTINATION ${larder_config_dir})

# Relative to the .pc file itself, so that the installed tree may be moved.
cmake_path(SET larder_pc_dir "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH larder_pc_dir BASE_DIRECTORY "/prefix" OUTPUT_VARIABLE larder_pc_depth)
string(REGEX REPLACE "[^/]+" ".." larder_pc_prefix "${larder_pc_depth}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/larder.pc.in ${PROJECT_BINARY_DIR}/larder.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/larder.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

foreach(larder_pc_name IN LISTS larder_components)
  string(REGEX REPLACE "^larder_" "" larder_pc_component ${larder_pc_name})
  # Not Requires.private: they are static libraries only, so whoever links one links what it needs.
  get_target_property(larder_pc_requires ${larder_pc_name} LARDER_PC_REQUIRES)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/larder_component.pc.in ${PROJECT_BINARY_DIR}/${larder_pc_name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${larder_pc_name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
