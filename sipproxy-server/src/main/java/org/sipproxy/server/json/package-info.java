/** JSON of the server's output, files and control channel. */
@NullMarked
package org.sipproxy.server.json;

import org.jspecify.annotations.NullMarked;
