/** The manual page sipproxy(1), generated from the definitions of commands and options. */
@NullMarked
package org.sipproxy.server.manual;

import org.jspecify.annotations.NullMarked;
