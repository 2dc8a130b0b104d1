-- dialect: mysql
-- Whether somebody may see a document: EXISTS is asked by index for every one that is looked at.
CREATE TABLE documents (id bigint PRIMARY KEY, folder_id bigint, KEY (folder_id));
CREATE TABLE grants (id bigint PRIMARY KEY, document_id bigint, user_id bigint, KEY (document_id, user_id));
CREATE TABLE authors (document_id bigint, user_id bigint, PRIMARY KEY (document_id, user_id));

SELECT d.id FROM documents d WHERE d.folder_id = ?
AND (EXISTS (SELECT 1 FROM grants g WHERE g.document_id = d.id AND g.user_id = ?)
  OR EXISTS (SELECT 1 FROM authors a WHERE a.document_id = d.id AND a.user_id = ?));
