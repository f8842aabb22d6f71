/** A PostgreSQL for trials, and a look at what it is asked. */
@NullMarked
package org.sipproxy.samples.database;

import org.jspecify.annotations.NullMarked;
