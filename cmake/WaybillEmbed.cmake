# waybill_embed(TARGET HEADER FUNCTION FILE): adds to TARGET the function waybill::FUNCTION(), declared
# in HEADER, which returns the text of FILE as it was when the build was configured; a change of FILE
# configures again.
function(waybill_embed target header function file)
  file(READ "${file}" text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${function}.embedded.cc")
  file(CONFIGURE OUTPUT "${generated}" @ONLY CONTENT [==[
#include "@header@"

namespace waybill {
std::string_view @function@() {
  return R"waybill(@text@)waybill";
}
}  // namespace waybill
]==])
  target_sources(${target} PRIVATE "${generated}")
endfunction()
