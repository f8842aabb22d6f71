/** The command line of {@code sipproxy.jar}: demo, run and check. */
@NullMarked
package org.sipproxy.samples.launcher;

import org.jspecify.annotations.NullMarked;
