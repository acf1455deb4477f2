// The one copy of Asio's code (BOOST_ASIO_SEPARATE_COMPILATION, docs/adr/0002-build-time.md).
#include <boost/asio/impl/src.hpp>
