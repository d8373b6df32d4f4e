# What `cmake --install` puts where, and the Debian package that CPack makes of it (`make deb`).
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # the binary alone is packed, so tests need not be built

install(TARGETS waybill RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT waybill)
install(FILES README.md CHANGELOG.md LICENSE SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT waybill)
install(DIRECTORY docs/guides docs/reference DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT waybill)
install(DIRECTORY examples deploy/kubernetes deploy/prometheus deploy/grafana
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT waybill PATTERN "node_modules" EXCLUDE)
# Absolute, as systemd and Debian want them whatever the prefix is; not for `make install`.
install(FILES deploy/systemd/waybill.service "deploy/systemd/waybill-worker@.service"
        DESTINATION /lib/systemd/system COMPONENT waybill)
install(FILES deploy/debian/waybill.yaml DESTINATION /etc/waybill COMPONENT waybill)
install(DIRECTORY DESTINATION /etc/waybill/definitions COMPONENT waybill)

# Whatever the builder's umask is.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME waybill)
set(CPACK_PACKAGE_VENDOR "Waybill")
set(CPACK_PACKAGE_CONTACT "Waybill's maintainers <maintainers@waybill.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "durable task manager: buckets, an API and schedules to tasks, once each")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};waybill;waybill;/")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "git, openssh-client")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "podman, runc, conmon")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/deploy/debian/postinst;${PROJECT_SOURCE_DIR}/deploy/debian/prerm;${PROJECT_SOURCE_DIR}/deploy/debian/postrm;${PROJECT_SOURCE_DIR}/deploy/debian/conffiles")
include(CPack)
