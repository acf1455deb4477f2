# What `cmake --install` puts where, the Debian package (CPack, ./dev package) and the portable tarball made of it.
# Completions and manual pages are printed by the program that is installed: they cannot say anything else.
# ./dev has built the program; nothing else is wanted for a package.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
if(HOLDFAST_PORTABLE)
  set_target_properties(holdfast PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/holdfast")
  install(TARGETS holdfast
          RUNTIME_DEPENDENCIES PRE_EXCLUDE_REGEXES "^lib(c|m|dl|rt|pthread|resolv)\\.so" "^ld-linux"
          RUNTIME DESTINATION bin LIBRARY DESTINATION lib/holdfast)
  install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/holdfast)
  # What is linked in or lies beside it, and under which terms.
  foreach(package IN ITEMS librocksdb-dev libssl-dev libsodium-dev libzstd-dev libutf8proc-dev libsnappy-dev zlib1g-dev
                           libbz2-dev liblz4-dev libfmt-dev libspdlog-dev libboost1.81-dev nlohmann-json3-dev
                           libcli11-dev prometheus-cpp-dev libstdc++6)
    install(FILES /usr/share/doc/${package}/copyright DESTINATION share/doc/holdfast/licenses RENAME ${package} OPTIONAL)
  endforeach()
else()
  install(TARGETS holdfast RUNTIME DESTINATION bin)
endif()

install(CODE [[
  set(installed "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
  set(program "${installed}/bin/holdfast")
  function(holdfast_prints file)
    get_filename_component(folder "${installed}/${file}" DIRECTORY)
    file(MAKE_DIRECTORY "${folder}")
    execute_process(COMMAND "${program}" ${ARGN} OUTPUT_FILE "${installed}/${file}" COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS "Installing: ${installed}/${file}")
  endfunction()
  holdfast_prints(share/bash-completion/completions/holdfast completion bash)
  holdfast_prints(share/zsh/vendor-completions/_holdfast completion zsh)
  holdfast_prints(share/fish/vendor_completions.d/holdfast.fish completion fish)
  holdfast_prints(share/man/man1/holdfast.1 manual commands)
  holdfast_prints(share/man/man5/holdfast.json.5 manual configuration)
  foreach(page IN ITEMS man1/holdfast.1 man5/holdfast.json.5)
    execute_process(COMMAND gzip -9nf "${installed}/share/man/${page}" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
]])

# The unit names the program where this installation has it.
set(unit_source ${CMAKE_SOURCE_DIR}/config/holdfast.service)
install(CODE "
  file(READ \"${unit_source}\" unit)
  string(REPLACE /usr/bin/holdfast \"\${CMAKE_INSTALL_PREFIX}/bin/holdfast\" unit \"\${unit}\")
  file(WRITE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/holdfast.service\" \"\${unit}\")
")
install(FILES ${CMAKE_SOURCE_DIR}/config/holdfast.sysusers DESTINATION lib/sysusers.d RENAME holdfast.conf)
install(FILES ${CMAKE_SOURCE_DIR}/config/holdfast.json ${CMAKE_SOURCE_DIR}/config/haproxy.cfg
        DESTINATION share/doc/holdfast/examples)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/config/prometheus ${CMAKE_SOURCE_DIR}/config/grafana
        DESTINATION share/doc/holdfast/examples)
install(FILES ${CMAKE_SOURCE_DIR}/config/debian/copyright DESTINATION share/doc/holdfast)
set(changelog ${CMAKE_BINARY_DIR}/changelog)
configure_file(${CMAKE_SOURCE_DIR}/config/debian/changelog.in ${changelog} @ONLY)
install(CODE "
  set(page \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/doc/holdfast/changelog\")
  configure_file(\"${changelog}\" \"\${page}\" COPYONLY)
  execute_process(COMMAND gzip -9nf \"\${page}\" COMMAND_ERROR_IS_FATAL ANY)
")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME holdfast)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
set(CPACK_PACKAGE_CONTACT "The Holdfast developers <holdfast@example.com>")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS haproxy)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "identity server that keeps people signing in when a region dies
Holdfast signs users in (OpenID Connect, the Cognito JSON API) and keeps app
states, comments and photos beside them. One program runs a region; one region
is writable, the others follow its log and go on signing people in with the
same passwords and tokens when it is gone.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/config/debian/postinst
    ${CMAKE_SOURCE_DIR}/config/debian/prerm ${CMAKE_SOURCE_DIR}/config/debian/postrm)
include(CPack)
