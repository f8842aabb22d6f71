package org.sipproxy.server.migrate;

/**
 * Line of a file.
 *
 * @param file name as the operator gave it, or as the file that includes it does
 * @param line from 1; 0 for a file as a whole
 */
record Place(String file, int line) {

    @Override
    public String toString() {
        return line == 0 ? file : file + ":" + line;
    }
}
