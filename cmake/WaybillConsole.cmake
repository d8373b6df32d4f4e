# waybill_console(TARGET): adds to TARGET the function http::console_files(), the console as Vite
# builds it from console/, packed by console/build.mjs. Without WAYBILL_CONSOLE there are no files.
function(waybill_console target)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/console_files.cc")
  if(WAYBILL_CONSOLE)
    find_program(NODE_PROGRAM NAMES node nodejs)
    find_program(NPM_PROGRAM npm)
    if(NOT NODE_PROGRAM OR NOT NPM_PROGRAM)
      message(FATAL_ERROR "The console is built with nodejs and npm: apt-get install nodejs npm, or build "
                          "without it: cmake -DWAYBILL_CONSOLE=OFF")
    endif()
    set(top "${PROJECT_SOURCE_DIR}/console")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${top}/src/*")
    list(APPEND sources "${top}/index.html" "${top}/package.json" "${top}/package-lock.json"
         "${top}/tsconfig.json" "${top}/vite.config.js" "${top}/build.mjs" "${PROJECT_SOURCE_DIR}/schemas/openapi.json")
    add_custom_command(
      OUTPUT "${generated}"
      COMMAND "${NODE_PROGRAM}" "${top}/build.mjs" "${CMAKE_BINARY_DIR}/console" "${generated}"
      DEPENDS ${sources}
      COMMENT "Building the console"
      VERBATIM)
  else()
    file(CONFIGURE OUTPUT "${generated}" @ONLY CONTENT [==[
#include "http/console.h"

namespace waybill::http {
std::span<const ConsoleFile> console_files() { return {}; }
}  // namespace waybill::http
]==])
  endif()
  set_source_files_properties("${generated}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE "${generated}")
endfunction()
