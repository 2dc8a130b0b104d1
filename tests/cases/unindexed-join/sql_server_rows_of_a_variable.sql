-- dialect: tsql
-- The rows that a procedure was given, and those that it has put aside, are few: each is looked up.
CREATE TABLE dbo.StockMove (Id int NOT NULL IDENTITY(1,1) PRIMARY KEY CLUSTERED, ProductId int NOT NULL, Qty int NOT NULL);
CREATE TABLE dbo.Product (Id int NOT NULL PRIMARY KEY, Code nvarchar(20));
GO
SELECT m.Qty FROM @ids i JOIN dbo.StockMove m ON m.ProductId = i.Id;  -- error: [unindexed-join] "no index of stockmove starts with productid"
MERGE dbo.StockMove AS t USING #moves s ON t.ProductId = s.ProductId WHEN MATCHED THEN DELETE;  -- error: [unindexed-join] "for each row of s"
SELECT p.Code FROM @ids i JOIN dbo.Product p ON p.Id = i.Id;
SELECT * FROM #moves;
