package org.sipproxy.server.migrate;

import java.util.Set;

/** Variables of kamctlrc. */
final class ToolTranslator {

    private static final Set<String> USED = Set.of("SIP_DOMAIN");
    private static final Set<String> DATABASE = Set.of("DBENGINE", "DBHOST", "DBPORT", "DBNAME", "DBRWUSER");
    private static final Set<String> PASSWORDS = Set.of("DBRWPW", "DBROPW", "DBROOTPW");

    private final Import all;

    ToolTranslator(Import all) {
        this.all = all;
    }

    void translate() {
        all.kamctlrc.entries().forEach((name, entry) -> {
            if (USED.contains(name)) {
                return;
            }
            if (DATABASE.contains(name)) {
                all.covered(entry.place(), name + ": add, passwd, show and db take the database options of the server");
            } else if (PASSWORDS.contains(name)) {
                all.covered(entry.place(), name + " is not copied: a password is read from a file or the environment");
            } else if (name.equals("DBROUSER")) {
                all.covered(entry.place(), "DBROUSER " + entry.value() + ": db grants gives a role its privileges");
            } else if (name.equals("STORE_PLAINTEXT_PW")) {
                all.differs(
                        entry.place(), "STORE_PLAINTEXT_PW " + entry.value() + ": see password-column and add --help");
            } else {
                all.covered(entry.place(), name + ": a variable of kamctl or kamdbctl, which this server does not use");
            }
        });
    }
}
