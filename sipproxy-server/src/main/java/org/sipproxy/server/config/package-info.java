/**
 * The configuration file: its format, its place in the command line, and the commented example.
 *
 * <p>Start reading at {@link org.sipproxy.server.config.ConfigFile}. This package knows the options only as picocli
 * describes them; the meaning of an option is in its class.
 */
@NullMarked
package org.sipproxy.server.config;

import org.jspecify.annotations.NullMarked;
