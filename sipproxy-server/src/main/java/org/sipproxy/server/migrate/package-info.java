/**
 * Import of a Kamailio configuration: reads kamailio.cfg with the files that it names, and writes the configuration of
 * this server or the code of a host application, with an explanation of every line that is not translated.
 */
@NullMarked
package org.sipproxy.server.migrate;

import org.jspecify.annotations.NullMarked;
