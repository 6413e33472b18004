# Installation and the .deb: one package for each suite and architecture, since library names differ.
include(GNUInstallDirs)

# What Debian 13's systemd knows and Debian 12's does not: a reload that is waited for, restarts ever further apart.
set(SUNDIAL_SUITE bookworm CACHE STRING "The Debian that the package is for: bookworm or trixie")
if(SUNDIAL_SUITE STREQUAL trixie)
  set(SUNDIAL_RELEASE 1+deb13)
  set(SUNDIAL_SERVICE_TYPE notify-reload)
  set(SUNDIAL_SERVICE_RELOAD "# A reload is SIGHUP, answered with RELOADING=1 and READY=1.")
  set(SUNDIAL_SERVICE_RESTART "RestartSec=2\nRestartSteps=6\nRestartMaxDelaySec=60")
else()
  set(SUNDIAL_RELEASE 1+deb12)
  set(SUNDIAL_SERVICE_TYPE notify)
  set(SUNDIAL_SERVICE_RELOAD "# The shell's own kill: a minimal Debian has no other.\nExecReload=/bin/sh -c 'kill -HUP $MAINPID'")
  set(SUNDIAL_SERVICE_RESTART "RestartSec=5")
endif()
set(package_files ${CMAKE_SOURCE_DIR}/cmake/package)
configure_file(${package_files}/sundial.service.in ${CMAKE_BINARY_DIR}/package/sundial.service @ONLY)
configure_file(${package_files}/changelog.in ${CMAKE_BINARY_DIR}/package/changelog @ONLY)

# Debian wants both compressed; -n leaves out name and time, so that two builds give the same bytes.
function(sundial_compress source result)
  add_custom_command(OUTPUT ${result} COMMAND gzip -9nc ${source} > ${result} DEPENDS ${source} VERBATIM)
endfunction()
sundial_compress(${CMAKE_SOURCE_DIR}/CHANGELOG.md ${CMAKE_BINARY_DIR}/package/changelog.gz)
sundial_compress(${CMAKE_BINARY_DIR}/package/changelog ${CMAKE_BINARY_DIR}/package/changelog.Debian.gz)
# What the program itself prints of its flags and its configuration, by the emulator where we cross-compile.
function(sundial_printed result)
  add_custom_command(OUTPUT ${result} COMMAND sundial ${ARGN} > ${result} DEPENDS sundial VERBATIM)
endfunction()
set(printed ${CMAKE_BINARY_DIR}/package)
sundial_printed(${printed}/sundial.1 reference commands)
sundial_printed(${printed}/sundial.toml.5 reference manual)
sundial_printed(${printed}/sundial.bash completion bash)
sundial_printed(${printed}/_sundial completion zsh)
sundial_compress(${printed}/sundial.1 ${printed}/sundial.1.gz)
sundial_compress(${printed}/sundial.toml.5 ${printed}/sundial.toml.5.gz)

add_custom_target(sundial_package_files ALL
  DEPENDS ${printed}/changelog.gz ${printed}/changelog.Debian.gz ${printed}/sundial.1.gz
          ${printed}/sundial.toml.5.gz ${printed}/sundial.bash ${printed}/_sundial)

install(TARGETS sundial RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_BINARY_DIR}/package/sundial.service DESTINATION lib/systemd/system)
install(FILES ${package_files}/sundial.toml DESTINATION /etc/sundial)
install(DIRECTORY DESTINATION /etc/sundial/credentials DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
install(FILES ${package_files}/copyright ${CMAKE_BINARY_DIR}/package/changelog.gz
  ${CMAKE_BINARY_DIR}/package/changelog.Debian.gz DESTINATION share/doc/sundial)
install(FILES ${printed}/sundial.1.gz DESTINATION share/man/man1)
install(FILES ${printed}/sundial.toml.5.gz DESTINATION share/man/man5)
install(FILES ${printed}/sundial.bash DESTINATION share/bash-completion/completions RENAME sundial)
install(FILES ${printed}/_sundial DESTINATION share/zsh/vendor-completions)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sundial)
set(CPACK_PACKAGE_CONTACT "Sundial maintainers <maintainers@sundial.example>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${SUNDIAL_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(CMAKE_CROSSCOMPILING)
  # Where dpkg-shlibdeps finds the target's libraries; DPKG_ADMINDIR tells whose they are (scripts/package).
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
    ${CMAKE_SYSROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} ${CMAKE_SYSROOT}/lib/${CMAKE_LIBRARY_ARCHITECTURE})
endif()
set(CPACK_DEBIAN_PACKAGE_DEPENDS "tzdata, adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "mosquitto")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "agent that turns time and sensor messages into Temporal workflows")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Runs cron triggers and aggregates MQTT signals on the device, keeps every
decision in a durable outbox, and forwards workflow starts and signals to a
Temporal frontend through its HTTP API.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${package_files}/preinst ${package_files}/postinst ${package_files}/prerm ${package_files}/postrm ${CMAKE_BINARY_DIR}/package/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON)
file(WRITE ${CMAKE_BINARY_DIR}/package/conffiles "/etc/sundial/sundial.toml\n")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
include(CPack)
