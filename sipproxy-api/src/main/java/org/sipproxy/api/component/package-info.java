/** What an add-on implements to take part in a proxy at several places at once. */
@NullMarked
package org.sipproxy.api.component;

import org.jspecify.annotations.NullMarked;
